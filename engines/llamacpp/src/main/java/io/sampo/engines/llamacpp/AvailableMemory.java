package io.sampo.engines.llamacpp;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory this process could still take without pushing others out. */
final class AvailableMemory {

  private static final Path MEMINFO = Path.of("/proc/meminfo");

  private AvailableMemory() {}

  /**
   * Bytes available: what the kernel says (page cache counts as available), but no more than a
   * container's limit leaves.
   */
  static long bytes() {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long kernel = memAvailable();
    return kernel < 0 ? system.getFreeMemorySize() : Math.min(kernel, system.getTotalMemorySize());
  }

  private static long memAvailable() {
    if (!Files.isReadable(MEMINFO)) {
      return -1;
    }
    try {
      for (String line : Files.readAllLines(MEMINFO)) {
        if (line.startsWith("MemAvailable:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    } catch (IOException unreadable) {
      return -1;
    }
    return -1;
  }
}
