package io.sampo.cluster.node;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Memory of the machine and of the control group (container) this process is in. Page cache counts
 * as available, since the kernel gives it up.
 *
 * @param totalBytes what the machine has, or the group's limit where that is less
 * @param availableBytes what a model could take now
 * @param limited whether the group's limit is the smaller one
 */
public record Memory(long totalBytes, long availableBytes, boolean limited) {

  /** Reads the kernel's present figures; falls back to Java's where there is no Linux kernel. */
  public static Memory now() {
    return read(Path.of("/"));
  }

  /**
   * @param root the folder that holds {@code proc} and {@code sys}
   */
  static Memory read(Path root) {
    List<String> meminfo = lines(root.resolve("proc/meminfo"));
    long total = kibibytes(meminfo, "MemTotal:");
    long available = kibibytes(meminfo, "MemAvailable:");
    if (total == 0) {
      OperatingSystemMXBean machine =
          ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
      return new Memory(machine.getTotalMemorySize(), machine.getFreeMemorySize(), false);
    }
    OptionalLong limit = groups(root, "memory.max", "memory.limit_in_bytes").min();
    if (limit.isEmpty() || limit.getAsLong() >= total) {
      return new Memory(total, available, false);
    }
    long used = groups(root, "memory.current", "memory.usage_in_bytes").max().orElse(0);
    long cached = cached(root);
    long free = Math.max(0, limit.getAsLong() - Math.max(0, used - cached));
    return new Memory(limit.getAsLong(), Math.min(available, free), true);
  }

  private static long kibibytes(List<String> meminfo, String key) {
    return meminfo.stream()
        .filter(line -> line.startsWith(key))
        .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  /** The figures of the groups this process is in; a group without a limit says "max". */
  private static LongStream groups(Path root, String second, String first) {
    return folders(root)
        .flatMap(folder -> Stream.of(folder.resolve(second), folder.resolve(first)))
        .flatMap(file -> lines(file).stream())
        .filter(line -> line.matches("\\d{1,18}"))
        .mapToLong(Long::parseLong);
  }

  private static long cached(Path root) {
    return folders(root)
        .flatMap(folder -> lines(folder.resolve("memory.stat")).stream())
        .filter(line -> line.startsWith("inactive_file ") || line.startsWith("active_file "))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1)))
        .sum();
  }

  /** The group's folder as a container sees it, and as a service of the machine sees it. */
  private static Stream<Path> folders(Path root) {
    Path top = root.resolve("sys/fs/cgroup");
    Stream<Path> own =
        lines(root.resolve("proc/self/cgroup")).stream()
            .filter(line -> line.startsWith("0::/") && line.length() > 4)
            .map(line -> top.resolve(line.substring(4)));
    return Stream.concat(Stream.of(top, top.resolve("memory")), own);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }
}
