package io.sampo.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryTest {

  @TempDir Path root;

  @BeforeEach
  void aMachineOfEightGibibytes() throws IOException {
    write("proc/meminfo", "MemTotal: 8388608 kB\nMemFree: 100 kB\nMemAvailable: 4194304 kB\n");
  }

  @Test
  void countsWhatTheKernelCallsAvailable() {
    assertThat(Memory.read(root)).isEqualTo(new Memory(8L << 30, 4L << 30, false));
  }

  @Test
  void aContainersLimitCountsWithoutItsPageCache() throws IOException {
    write("sys/fs/cgroup/memory.max", "2147483648\n");
    write("sys/fs/cgroup/memory.current", "1610612736\n");
    write("sys/fs/cgroup/memory.stat", "anon 5\ninactive_file 536870912\nactive_file 0\n");
    assertThat(Memory.read(root)).isEqualTo(new Memory(2L << 30, 1L << 30, true));
  }

  @Test
  void aServicesLimitIsFoundInItsOwnGroup() throws IOException {
    write("proc/self/cgroup", "0::/system.slice/sampo.service\n");
    write("sys/fs/cgroup/system.slice/sampo.service/memory.max", "1073741824\n");
    assertThat(Memory.read(root)).isEqualTo(new Memory(1L << 30, 1L << 30, true));
  }

  @Test
  void aGroupWithoutALimitDoesNotCount() throws IOException {
    write("sys/fs/cgroup/memory.max", "max\n");
    assertThat(Memory.read(root).limited()).isFalse();
  }

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}
