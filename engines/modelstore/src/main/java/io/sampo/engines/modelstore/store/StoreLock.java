package io.sampo.engines.modelstore.store;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.download.DownloadListener;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A lock file that keeps other processes, and other threads of this one, away until closed. */
final class StoreLock implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(100);

  private final FileChannel channel;

  private StoreLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock, waiting for whoever has it.
   *
   * @param what stands in messages
   * @throws ModelStoreException BUSY when the deadline passes
   */
  static StoreLock acquire(Path file, String what, Duration deadline, DownloadListener listener)
      throws IOException, InterruptedException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      long until = System.nanoTime() + deadline.toNanos();
      boolean told = false;
      while (tryLock(channel) == null) {
        if (!told) {
          listener.onWaiting("another process is busy with " + what + "; waiting for it");
          told = true;
        }
        if (System.nanoTime() - until > 0) {
          throw new ModelStoreException(
              Kind.BUSY,
              "another process has been busy with "
                  + what
                  + " for "
                  + deadline.toSeconds()
                  + " s; try again later");
        }
        Thread.sleep(POLL);
      }
      return new StoreLock(channel);
    } catch (IOException | InterruptedException | RuntimeException failure) {
      channel.close();
      throw failure;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException ownProcess) {
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
