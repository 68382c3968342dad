package io.sampo.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.sampo.actors.placement.Desired;
import io.sampo.actors.placement.Desired.Drained;
import io.sampo.actors.placement.Desired.Kind;
import io.sampo.actors.placement.Desired.Target;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.wire.ModelId;
import io.sampo.engines.spi.EngineSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SavedOrdersTest {

  private static final Drained REPLICA =
      new Drained(new Target(Kind.REPLICA, "m#1"), 5000, false, "drain-3");
  private static final Drained NODE =
      new Drained(new Target(Kind.NODE, "a:1#7"), 5000, false, "drain-4");

  @TempDir Path data;

  private static ModelSpec spec(int replicas) {
    return new ModelSpec(new ModelId("m"), "simulated", "none", EngineSettings.DEFAULTS, replicas);
  }

  private Desired first(int configured) {
    return new SavedOrders(data, List.of(spec(configured))).first();
  }

  private Path file() {
    return data.resolve("cluster").resolve("orders.json");
  }

  private void keep(int configured, List<ModelSpec> wanted, Drained... drains) {
    new SavedOrders(data, List.of(spec(configured)))
        .keep(new Desired(8, wanted, List.of(drains), List.of(), List.of()));
    Awaitility.await().until(() -> Files.exists(file()));
  }

  @Test
  void whatWasOrderedHoldsAgainExceptTheDrainOfANode() {
    ModelSpec loaded =
        new ModelSpec(
            new ModelId("x"), "simulated", "file", EngineSettings.DEFAULTS, 1, List.of(), 99);
    keep(0, List.of(spec(3), loaded), REPLICA, NODE);
    Desired again = first(0);
    assertThat(again.revision()).isEqualTo(8);
    assertThat(again.models()).containsExactly(spec(3), loaded);
    assertThat(again.drains())
        .extracting(Drained::target, Drained::graceMillis)
        .containsExactly(tuple(REPLICA.target(), 5000L));
  }

  @Test
  void anotherNumberInTheConfigurationCountsForMoreThanTheOrder() {
    keep(0, List.of(spec(3)));
    assertThat(first(2).models()).containsExactly(spec(2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{\"version\":2,\"revision\":1,\"scaled\":[],\"loaded\":[],\"drains\":[]}",
        "{\"version\":1,\"revision\":1,\"scaled\":[null],\"loaded\":[],\"drains\":[]}",
        "{\"version\":1,\"revision\":1,\"scaled\":[{\"model\":\"m\",\"configured\":0,\"replicas\":-4}],\"loaded\":[],\"drains\":[]}",
        "{\"version\":1,\"revision\":1,\"scaled\":[],\"loaded\":[],\"drains\":[{\"kind\":\"NODE\",\"name\":\"a\",\"graceMillis\":1}]}",
        "{\"version\":1,\"revision\":1,\"scaled\":[],\"loaded\":[{\"id\":{\"name\":\"x\"}}],\"drains\":[]}",
        "{\"version\":1,\"revision\":1,\"scaled\":[],\"loaded\":[],\"drains\":[{\"kind\":\"MODEL\",\"graceMillis\":1}]}"
      })
  void aDamagedFileCountsAsNone(String text) throws Exception {
    Files.createDirectories(file().getParent());
    Files.writeString(file(), text);
    assertThat(first(0)).isEqualTo(Desired.of(List.of(spec(0))));
  }

  @Test
  void aFileOfAnySizeIsReadToABound() throws Exception {
    Files.createDirectories(file().getParent());
    Files.writeString(file(), " ".repeat(300 << 10) + "{}");
    assertThat(first(0)).isEqualTo(Desired.of(List.of(spec(0))));
  }
}
