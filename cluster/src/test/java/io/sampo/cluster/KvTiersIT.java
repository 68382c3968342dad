package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The default model with room for one sequence, so that every prompt drives the one before out of
 * its engine, through HTTP.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class KvTiersIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final long MEBIBYTE = 1 << 20;
  private static final String COMPLETIONS = "/v1/completions";

  /** The engine has proved itself with the token that begins every text. */
  private static final int FIRST_TOKEN = 1;

  /** Whole blocks of the prompts. */
  private static final int BLOCKS = 4;

  private static final String STORY =
      "Once upon a time, there was a little girl named Lily. She loved to play outside in the"
          + " sunshine with her dog. One day they went to the park and saw a big red ball. Lily"
          + " wanted to play with the ball, but it belonged to a boy named Tim. Tim was sad because"
          + " he had nobody to play with. Lily asked him if they could play together, and Tim"
          + " smiled. They threw the ball to the dog, and the dog ran and ran. Then the ball rolled"
          + " into the pond. The dog jumped into the water and brought it back. Everybody laughed,"
          + " and the dog was very proud. When the sun went down";

  private static final String OTHER =
      "Ben had a small boat. Every morning he took his boat to the lake and looked for fish. The"
          + " fish were fast, and Ben was slow, but he did not give up. His mother told him that"
          + " good things take time. One morning the lake was very quiet and the sky was grey. A"
          + " bird sat on the boat and sang a song. Ben listened and forgot the fish. Then the rope"
          + " moved, and something heavy pulled at it. Ben pulled and pulled until his arms were"
          + " tired. It was not a fish, it was an old shoe! Ben laughed and the bird laughed with"
          + " him. He took the shoe home and put a flower in it. His mother said";

  @TempDir private Path folder;

  private static ModelSettings stories() throws Exception {
    return TestNode.llamaCpp(StoriesModel.NAME, StoriesModel.file(), 1, Map.of());
  }

  private TestNode start(long hostBytes, long diskBytes) throws Exception {
    TestNode node = TestNode.start(stories(), new KvSettings(hostBytes, diskBytes, folder));
    await(() -> stats(node).at("/replicas/0/kv_block_tokens").asInt(0) == 32);
    return node;
  }

  private static void await(Callable<Boolean> holds) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(20))
        .until(holds);
  }

  private static String body(String prompt, String more) throws IOException {
    return "{\"prompt\":%s,\"max_tokens\":30,\"temperature\":0%s}"
        .formatted(JSON.writeValueAsString(prompt), more);
  }

  private static JsonNode tell(TestNode node, String prompt, String more) throws Exception {
    return node.ask(COMPLETIONS, body(prompt, more));
  }

  private static String text(JsonNode answer) {
    return answer.at("/choices/0/text").stringValue();
  }

  private static int cached(JsonNode answer) {
    return answer.at("/usage/prompt_tokens_details/cached_tokens").asInt(0);
  }

  private static long stat(TestNode node, String name) throws Exception {
    return stats(node).at("/kv/" + name).asLong(-1);
  }

  private static JsonNode stats(TestNode node) throws Exception {
    return JSON.readTree(node.get("/stats").body());
  }

  /** Until so many blocks are in a tier. */
  private static void awaitBlocks(TestNode node, String tier, int blocks) {
    await(() -> stat(node, tier + "/blocks") >= blocks);
  }

  @Test
  void aPromptThatLeftTheEngineIsRestoredAndAnsweredAsBefore() throws Exception {
    try (TestNode node = start(64 * MEBIBYTE, 0)) {
      JsonNode first = tell(node, STORY, "");
      assertThat(cached(first)).isLessThanOrEqualTo(FIRST_TOKEN);
      awaitBlocks(node, "host", BLOCKS);
      tell(node, OTHER, "");
      awaitBlocks(node, "host", 2 * BLOCKS);

      JsonNode again = tell(node, STORY, "");
      assertThat(text(again)).isEqualTo(text(first));
      assertThat(cached(again)).isGreaterThanOrEqualTo(BLOCKS * 32);
      // The engine may still hold the very beginning.
      await(() -> stat(node, "restores/blocks") > 0);
      assertThat(stat(node, "restores/losses")).isZero();
      assertThat(stat(node, "host/hits")).isGreaterThanOrEqualTo(BLOCKS);
    }
  }

  @Test
  void whoBypassesOrHasASaltOfHisOwnSharesNothing() throws Exception {
    try (TestNode node = start(64 * MEBIBYTE, 0)) {
      String expected = text(tell(node, STORY, ""));
      awaitBlocks(node, "host", BLOCKS);
      for (int turn = 0; turn < 2; turn++) {
        JsonNode alone =
            JSON.readTree(
                node.post(COMPLETIONS, body(STORY, ""), "X-Sampo-Cache", "bypass").body());
        assertThat(text(alone)).isEqualTo(expected);
        assertThat(cached(alone)).isZero();
      }
      assertThat(cached(tell(node, STORY, ",\"cache_salt\":\"mine\""))).isZero();
      awaitBlocks(node, "host", 2 * BLOCKS);
      tell(node, OTHER, "");
      assertThat(cached(tell(node, STORY, ",\"cache_salt\":\"yours\""))).isZero();
      tell(node, OTHER, "");
      JsonNode mine = tell(node, STORY, ",\"cache_salt\":\"mine\"");
      assertThat(text(mine)).isEqualTo(expected);
      assertThat(cached(mine)).isGreaterThanOrEqualTo(BLOCKS * 32);
    }
  }

  @Test
  void aNodeThatComesBackFindsInItsFilesWhatItHad() throws Exception {
    String expected;
    try (TestNode node = start(64 * MEBIBYTE, 64 * MEBIBYTE)) {
      expected = text(tell(node, STORY, ""));
      awaitBlocks(node, "disk", BLOCKS);
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("kv"))))
        .isEqualTo("rwx------");
    try (TestNode node = start(64 * MEBIBYTE, 64 * MEBIBYTE)) {
      awaitBlocks(node, "disk", BLOCKS);
      JsonNode again = tell(node, STORY, "");
      assertThat(text(again)).isEqualTo(expected);
      assertThat(cached(again)).isGreaterThanOrEqualTo(BLOCKS * 32);
    }
  }

  @Test
  void whatWasDamagedWhileTheNodeWasDownIsComputed() throws Exception {
    String expected;
    try (TestNode node = start(64 * MEBIBYTE, 64 * MEBIBYTE)) {
      expected = text(tell(node, STORY, ""));
      awaitBlocks(node, "disk", BLOCKS);
    }
    for (Path file : blockFiles()) {
      damage(file);
    }
    try (TestNode node = start(64 * MEBIBYTE, 64 * MEBIBYTE)) {
      awaitBlocks(node, "disk", BLOCKS);
      JsonNode again = tell(node, STORY, "");
      assertThat(text(again)).isEqualTo(expected);
      assertThat(cached(again)).isLessThanOrEqualTo(FIRST_TOKEN);
      await(() -> stat(node, "disk/failed") > 0);
    }
  }

  private List<Path> blockFiles() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("kv"))) {
      return files.filter(file -> file.toString().endsWith(".kv")).toList();
    }
  }

  /** Turns over the bits in the middle. */
  private static void damage(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer some = ByteBuffer.allocate(64);
      long at = channel.size() / 2;
      channel.read(some, at);
      for (int i = 0; i < some.capacity(); i++) {
        some.put(i, (byte) ~some.get(i));
      }
      channel.write(some.rewind(), at);
    }
  }

  @Test
  void aFolderThatCannotBeUsedCostsNoAnswer() throws Exception {
    Files.writeString(folder.resolve("kv"), "in the way");
    try (TestNode node = start(64 * MEBIBYTE, 64 * MEBIBYTE)) {
      String expected = text(tell(node, STORY, ""));
      awaitBlocks(node, "host", BLOCKS);
      tell(node, OTHER, "");
      JsonNode again = tell(node, STORY, "");
      assertThat(text(again)).isEqualTo(expected);
      assertThat(cached(again)).isGreaterThanOrEqualTo(BLOCKS * 32);
      assertThat(stat(node, "disk/blocks")).isZero();
    }
  }

  @Test
  void filesThatOthersCouldReadAreRefused() throws Exception {
    Path kv = Files.createDirectory(folder.resolve("kv"));
    Files.setPosixFilePermissions(kv, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThatThrownBy(() -> start(64 * MEBIBYTE, 64 * MEBIBYTE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("chmod 700 " + kv);
  }
}
