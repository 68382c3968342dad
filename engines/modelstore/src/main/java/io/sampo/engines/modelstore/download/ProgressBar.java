package io.sampo.engines.modelstore.download;

import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Draws a download on one line of a terminal: a bar, bytes, rate, time left. Where there is no
 * terminal it only says in one line each what it waits for and what it fetches.
 */
public final class ProgressBar implements DownloadListener {

  private static final int CELLS = 30;
  private static final long REDRAW_NANOS = 100_000_000L;

  private final PrintStream out;
  private final boolean terminal;
  private final boolean colour;
  private final LongSupplier nanoClock;
  private String file = "";
  private long startedAt;
  private long drawnAt;

  /**
   * @param terminal whether the line can be drawn over
   * @param colour whether colours may be used
   */
  public ProgressBar(PrintStream out, boolean terminal, boolean colour, LongSupplier nanoClock) {
    this.out = out;
    this.terminal = terminal;
    this.colour = colour;
    this.nanoClock = nanoClock;
  }

  /** A bar on standard error, plain where NO_COLOR is set. */
  public static ProgressBar onStandardError(Map<String, String> environment) {
    boolean terminal = Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    boolean colour = environment.getOrDefault("NO_COLOR", "").isEmpty();
    return new ProgressBar(System.err, terminal, colour, System::nanoTime);
  }

  @Override
  public synchronized void onWaiting(String reason) {
    out.println(reason);
  }

  @Override
  public synchronized void onProgress(DownloadProgress progress) {
    long now = nanoClock.getAsLong();
    if (!progress.file().equals(file)) {
      file = progress.file();
      startedAt = now;
      drawnAt = now - REDRAW_NANOS;
      if (!terminal) {
        out.println("fetching " + file + " (" + Sizes.text(progress.totalBytes()) + ")");
      }
    }
    if (terminal && (progress.complete() || now - drawnAt >= REDRAW_NANOS)) {
      drawnAt = now;
      draw(progress, Math.max(1, now - startedAt));
    }
  }

  private void draw(DownloadProgress progress, long elapsedNanos) {
    long fetched = Math.max(0, progress.doneBytes() - progress.resumedBytes());
    double bytesPerSecond = fetched * 1e9 / elapsedNanos;
    int filled = (int) (CELLS * (double) progress.doneBytes() / progress.totalBytes());
    String bar = "█".repeat(filled) + "░".repeat(CELLS - filled);
    out.print(
        "\r\u001b[K"
            + file
            + " "
            + (colour ? "\u001b[36m" + bar + "\u001b[0m" : bar)
            + " "
            + Sizes.text(progress.doneBytes())
            + " / "
            + Sizes.text(progress.totalBytes())
            + "  "
            + Sizes.text((long) bytesPerSecond)
            + "/s"
            + (progress.complete() ? "\n" : "  " + timeLeft(progress, bytesPerSecond)));
    out.flush();
  }

  private static String timeLeft(DownloadProgress progress, double bytesPerSecond) {
    if (bytesPerSecond < 1) {
      return "";
    }
    long seconds = (long) ((progress.totalBytes() - progress.doneBytes()) / bytesPerSecond);
    Duration left = Duration.ofSeconds(seconds);
    return left.toHours() > 0
        ? "%d h %02d min left".formatted(left.toHours(), left.toMinutesPart())
        : "%d:%02d left".formatted(left.toMinutes(), left.toSecondsPart());
  }
}
