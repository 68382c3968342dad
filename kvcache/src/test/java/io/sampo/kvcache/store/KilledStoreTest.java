package io.sampo.kvcache.store;

import static io.sampo.kvcache.store.Texts.LAYOUT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed while it writes. */
class KilledStoreTest {

  private static final int TEXTS = 40;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir Path folder;

  private static BlockStore open(Path folder, Heard heard) {
    StoreSettings settings =
        new StoreSettings(64L * LAYOUT.blockBytes(), folder, 1 << 20, 100, 1, 0.5);
    return BlockStore.open(settings, heard, InstantSource.system());
  }

  /** Puts texts without end, more than DISK holds; says when it has begun to write over files. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] arguments) throws InterruptedException {
      try (BlockStore store = open(Path.of(arguments[0]), new Heard())) {
        for (int round = 0; ; round++) {
          Texts.put(store, Texts.text(10, round % TEXTS));
          store.awaitWritten(PATIENCE);
          if (round == 3 * TEXTS) {
            System.out.println("writing");
          }
        }
      }
    }
  }

  @Test
  void servesWholeBlocksOnlyAfterwards() throws Exception {
    for (int time = 0; time < 3; time++) {
      killAWriter();
      Heard heard = new Heard();
      try (BlockStore store = open(folder, heard)) {
        assertThat(store.awaitWritten(PATIENCE)).isTrue();
        assertThat(store.stats().disk().blocks()).isBetween(98L, 100L);
        for (int name = 0; name < TEXTS; name++) {
          int leading = store.leading(Texts.text(10, name)).disk();
          assertThat(Texts.borrowed(store, Texts.text(10, name))).isEqualTo(leading);
        }
        assertThat(store.stats().disk().failed()).isZero();
        assertThat(heard.troubles).isEmpty();
      }
    }
  }

  private void killAWriter() throws IOException, InterruptedException {
    Process writer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Writer.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(writer.getInputStream(), UTF_8))) {
      assertThat(said.readLine()).isEqualTo("writing");
    } finally {
      writer.destroyForcibly().waitFor();
    }
  }
}
