package io.sampo.engines.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.TextCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulatedProviderTest {

  private static final Path NO_MODEL = Path.of("none");
  private final SimulatedProvider provider = new SimulatedProvider();

  @Test
  void isFoundByTheServiceLoader() {
    EngineProvider found = ServiceLoader.load(EngineProvider.class).findFirst().orElseThrow();
    assertThat(found.name()).isEqualTo("simulated");
    assertThat(found.simulated()).isTrue();
  }

  @Test
  void plansAsManySequencesAsTheDeviceHolds() {
    LoadPlan plan = provider.plan(NO_MODEL, settings(131_072, 0, Map.of("profile", "gpu-l4")));
    assertThat(plan.architecture()).isEqualTo("simulated");
    assertThat(plan.maxSequences()).isEqualTo(5);
    assertThat(plan.totalBytes()).isLessThan(24L << 30);
  }

  @Test
  void refusesMoreThanTheDeviceHolds() {
    EngineSettings tooMuch = settings(131_072, 64, Map.of("profile", "gpu-l4"));
    assertThatThrownBy(() -> provider.load(NO_MODEL, tooMuch))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.OUT_OF_MEMORY))
        .hasMessageContaining("24576 MiB");
  }

  @Test
  void saysWhichOptionIsWrongAndWhatItMayBe() {
    rejects(Map.of("sed", "1"), "'sed'", "seed");
    rejects(Map.of("seed", "one"), "seed is not a number: 'one'");
    rejects(Map.of("profile", "abacus"), "cpu-2core");
    rejects(Map.of("end-probability", "NaN"), "end-probability must be 0 to 1");
    rejects(Map.of("slow-factor", "0"), "slow-factor");
    rejects(Map.of("chat-template", "alpaca"), "chatml or none");
  }

  @Test
  void readsASimulatedModelsFileBelowTheSettings(@TempDir Path folder) throws IOException {
    Path model =
        Files.writeString(
            folder.resolve("m.properties"), "chat-template=chatml\nprofile=cpu-2core\ncontext=64");
    try (TextCodec text = provider.openText(model)) {
      assertThat(text.hasChatTemplate()).isTrue();
    }
    assertThat(provider.plan(model, settings(0, 0, Map.of())).contextTokens()).isEqualTo(64);
    assertThat(provider.plan(model, settings(0, 0, Map.of("context", "99"))).contextTokens())
        .isEqualTo(99);
  }

  private void rejects(Map<String, String> options, String... parts) {
    assertThatThrownBy(() -> provider.plan(NO_MODEL, settings(0, 0, options)))
        .isInstanceOf(EngineException.class)
        .hasMessageContainingAll(parts);
  }

  private static EngineSettings settings(int context, int sequences, Map<String, String> options) {
    return new EngineSettings(
        context, sequences, 0, 0, KvType.F16, FlashAttention.AUTO, false, options);
  }
}
