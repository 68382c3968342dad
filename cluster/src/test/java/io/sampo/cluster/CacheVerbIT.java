package io.sampo.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.cli.Sampo;
import io.sampo.cluster.cli.Surroundings;
import io.sampo.cluster.kv.KvSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Prefixes as a file, from one engine to nodes that have computed nothing. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class CacheVerbIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String BEGINNING = "Everybody is told this before anything else. ".repeat(8);

  @TempDir private Path folder;

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Path file = Path.of("");

  @BeforeEach
  void export() throws IOException {
    Path text = Files.writeString(folder.resolve("beginning.txt"), BEGINNING);
    file = folder.resolve("beginning.kv");
    assertThat(run("export", file.toString(), "--text", text.toString()))
        .as(err::toString)
        .isZero();
  }

  private int run(String verb, String... words) {
    List<String> all = new ArrayList<>(List.of("cache", verb));
    all.addAll(List.of(words));
    all.addAll(List.of("--engine", "simulated"));
    return Sampo.run(
        new Surroundings(
            Map.of(),
            new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
            new PrintStream(err, true, UTF_8),
            false,
            false),
        all.toArray(String[]::new));
  }

  private static TestNode start(KvSettings kv) throws Exception {
    return TestNode.start(TestNode.simulated(2, Map.of()), kv);
  }

  private static long stat(TestNode node, String name) throws Exception {
    return JSON.readTree(node.get("/stats").body()).at("/kv/" + name).asLong(-1);
  }

  /** The first question of all finds the beginning, and is answered as if it had not. */
  private static void findsTheBeginning(TestNode node) throws Exception {
    String body =
        "{\"prompt\":\"%sNow go on.\",\"max_tokens\":30,\"temperature\":0}".formatted(BEGINNING);
    JsonNode answer = node.ask("/v1/completions", body);
    assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").asInt())
        .isEqualTo(BEGINNING.strip().length() / 32 * 32);
    JsonNode alone =
        JSON.readTree(node.post("/v1/completions", body, "X-Sampo-Cache", "bypass").body());
    assertThat(answer.at("/choices/0/text")).isEqualTo(alone.at("/choices/0/text"));
  }

  @Test
  void aNodeWithAWarmUpListBeginsWarm() throws Exception {
    try (TestNode node = start(new KvSettings(16 << 20, 0, folder, List.of(file)))) {
      Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> stat(node, "pins") == 1);
      findsTheBeginning(node);
    }
  }

  @Test
  void aDataFolderThatWasGivenThePrefixesMakesItsNodeWarm() throws Exception {
    assertThat(run("import", file.toString(), "--data-dir", folder.toString()))
        .as(err::toString)
        .isZero();
    try (TestNode node = start(new KvSettings(16 << 20, 16 << 20, folder))) {
      Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> stat(node, "disk/blocks") > 0);
      findsTheBeginning(node);
    }
  }

  @Test
  void anotherModelRefusesThem() throws Exception {
    assertThat(
            run(
                "import",
                file.toString(),
                "--data-dir",
                folder.toString(),
                "--engine-option",
                "seed=9"))
        .isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("model");
    try (TestNode node =
        TestNode.start(
            TestNode.simulated(2, Map.of("seed", "9")),
            new KvSettings(16 << 20, 0, folder, List.of(file)))) {
      String body = "{\"prompt\":\"%sNow go on.\"}".formatted(BEGINNING);
      JsonNode answer = node.ask("/v1/completions", body);
      assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").asInt()).isZero();
    }
  }
}
