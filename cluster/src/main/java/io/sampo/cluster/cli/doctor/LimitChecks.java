package io.sampo.cluster.cli.doctor;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What the system lets a process have, and two things that it takes for granted. */
final class LimitChecks {

  private static final long FEW_FILES = 4096;
  private static final long FEW_THREADS = 512;
  private static final Duration LOOK_UP_LIMIT = Duration.ofSeconds(5);

  /** Sampo is younger than this; a clock that shows less was never set. */
  private static final Instant BEFORE_SAMPO = Instant.parse("2026-01-01T00:00:00Z");

  private LimitChecks() {}

  /**
   * Of the control group (container) and of the process.
   *
   * @param root the folder that holds {@code proc} and {@code sys}
   */
  static Check limits(Path root) {
    String files = openFiles(root).map(most -> most + " open files").orElse("");
    String cores = quota(root).map(" of %.1f cores"::formatted).orElse("");
    long threads = number(root.resolve("sys/fs/cgroup/pids.max"));
    String found =
        (cores.isEmpty() ? "" : "a quota" + cores + ", ")
            + (threads < Long.MAX_VALUE ? threads + " threads, " : "")
            + files;
    if (openFiles(root).orElse(Long.MAX_VALUE) < FEW_FILES) {
      return Check.warn(
          "limits", found, "each client is an open file; raise it, for example 'ulimit -n 65536'");
    }
    if (threads < FEW_THREADS) {
      return Check.warn("limits", found, "raise the container's limit of processes and threads");
    }
    return Check.ok("limits", found.isEmpty() ? "none are known" : found);
  }

  /** How many cores the group may keep busy, where there is such a bound. */
  private static Optional<Double> quota(Path root) {
    return lines(root.resolve("sys/fs/cgroup/cpu.max")).stream()
        .map(line -> line.split(" ", -1))
        .filter(words -> words.length == 2 && words[0].matches("\\d{1,15}"))
        .map(words -> Double.parseDouble(words[0]) / Double.parseDouble(words[1]))
        .findFirst();
  }

  private static Optional<Long> openFiles(Path root) {
    return lines(root.resolve("proc/self/limits")).stream()
        .filter(line -> line.startsWith("Max open files"))
        .map(line -> line.replaceFirst("^Max open files\\s+", "").split("\\s+", 2)[0])
        .filter(most -> most.matches("\\d{1,18}"))
        .map(Long::parseLong)
        .findFirst();
  }

  private static long number(Path file) {
    return lines(file).stream()
        .filter(line -> line.matches("\\d{1,18}"))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElse(Long.MAX_VALUE);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException unreadable) {
      return List.of();
    }
  }

  /** Certificates are judged by it, and what nodes tell is put in order by it. */
  static Check clock(Instant now) {
    return now.isBefore(BEFORE_SAMPO)
        ? Check.fail(
            "clock", now + " cannot be", "set it; certificates are not valid at such a time")
        : Check.ok("clock", now.toString());
  }

  /** Whether names are found, and how soon. */
  static Check names() {
    long begun = System.nanoTime();
    CompletableFuture<String> own = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                InetAddress found = InetAddress.getLocalHost();
                own.complete(found.getHostName() + " is " + found.getHostAddress());
              } catch (UnknownHostException unknown) {
                own.completeExceptionally(unknown);
              }
            });
    try {
      String found = own.get(LOOK_UP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
      return Check.ok("names", String.format(Locale.ROOT, "%s (%d ms)", found, millis));
    } catch (ExecutionException unknown) {
      return Check.warn(
          "names",
          "this machine's own name stands for nothing: " + unknown.getMessage(),
          "add it to /etc/hosts, or give numeric addresses to --cluster-host and --join");
    } catch (TimeoutException slow) {
      return Check.warn(
          "names",
          "no answer within " + LOOK_UP_LIMIT.toSeconds() + " s",
          "look at /etc/resolv.conf; nodes that are named are found late or not at all");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return Check.warn("names", "interrupted", "try again");
    }
  }
}
