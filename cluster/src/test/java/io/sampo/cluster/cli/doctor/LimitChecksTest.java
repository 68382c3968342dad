package io.sampo.cluster.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.cli.doctor.Check.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LimitChecksTest {

  @TempDir Path root;

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  @Test
  void theLimitsOfAContainerAndOfTheProcessAreTold() throws IOException {
    write("sys/fs/cgroup/cpu.max", "150000 100000\n");
    write("sys/fs/cgroup/pids.max", "9000\n");
    write("proc/self/limits", "Max open files            65536                1048576   files\n");
    assertThat(LimitChecks.limits(root))
        .isEqualTo(Check.ok("limits", "a quota of 1.5 cores, 9000 threads, 65536 open files"));
  }

  @Test
  void tooFewFilesOrThreadsAreWarnedOf() throws IOException {
    write("sys/fs/cgroup/cpu.max", "max 100000\n");
    write("proc/self/limits", "Max open files            1024                1048576   files\n");
    assertThat(LimitChecks.limits(root).status()).isEqualTo(Status.WARN);
    write("proc/self/limits", "Max open files            65536                1048576   files\n");
    write("sys/fs/cgroup/pids.max", "100\n");
    assertThat(LimitChecks.limits(root).status()).isEqualTo(Status.WARN);
    write("sys/fs/cgroup/pids.max", "max\n");
    assertThat(LimitChecks.limits(root).status()).isEqualTo(Status.OK);
  }

  @Test
  void aClockThatWasNeverSetFails() {
    assertThat(LimitChecks.clock(Instant.EPOCH).status()).isEqualTo(Status.FAIL);
    assertThat(LimitChecks.clock(Instant.now()).status()).isEqualTo(Status.OK);
  }
}
