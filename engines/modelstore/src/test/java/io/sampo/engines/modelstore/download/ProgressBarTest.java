package io.sampo.engines.modelstore.download;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressBarTest {

  private static final long SECOND = 1_000_000_000L;
  private static final long MIB = 1 << 20;

  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final AtomicLong now = new AtomicLong();

  @Test
  void drawsBytesRateAndTimeLeft() {
    ProgressBar bar = bar(true);
    bar.onProgress(new DownloadProgress("m.gguf", 10 * MIB, 40 * MIB, 10 * MIB));
    now.set(10 * SECOND);
    bar.onProgress(new DownloadProgress("m.gguf", 20 * MIB, 40 * MIB, 10 * MIB));
    assertThat(lastLine())
        .isEqualTo(
            "m.gguf ███████████████░░░░░░░░░░░░░░░ 20.0 MiB / 40.0 MiB  1.0 MiB/s  0:20 left");
  }

  @Test
  void drawsNoMoreOftenThanEyesSee() {
    ProgressBar bar = bar(true);
    for (int i = 1; i <= 1000; i++) {
      bar.onProgress(new DownloadProgress("m.gguf", i, 2000, 0));
    }
    assertThat(text().chars().filter(c -> c == '\r').count()).isEqualTo(1);
  }

  @Test
  void saysOneLineWhereThereIsNoTerminal() {
    ProgressBar bar = bar(false);
    bar.onWaiting("waiting");
    bar.onProgress(new DownloadProgress("m.gguf", 1, MIB, 0));
    bar.onProgress(new DownloadProgress("m.gguf", MIB, MIB, 0));
    assertThat(text().lines()).containsExactly("waiting", "fetching m.gguf (1.0 MiB)");
  }

  private ProgressBar bar(boolean terminal) {
    PrintStream out = new PrintStream(written, true, StandardCharsets.UTF_8);
    return new ProgressBar(out, terminal, false, now::get);
  }

  private String lastLine() {
    return text().substring(text().lastIndexOf("\u001b[K") + 3);
  }

  private String text() {
    return written.toString(StandardCharsets.UTF_8);
  }
}
