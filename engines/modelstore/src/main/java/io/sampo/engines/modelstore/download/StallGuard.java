package io.sampo.engines.modelstore.download;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;

/**
 * A stream that fails when a read waits too long for bytes. The HTTP client has no deadline for a
 * body, so a virtual thread beside each body looks at the clock and closes it. What the reader does
 * between two reads does not count: a slow disk is no stalled source.
 */
final class StallGuard extends FilterInputStream {

  private final long deadlineNanos;
  private final Thread watch;
  private volatile long waitingSince;
  private volatile boolean waiting;
  private volatile boolean stalled;

  StallGuard(InputStream body, Duration deadline) {
    super(body);
    deadlineNanos = deadline.toNanos();
    watch = Thread.ofVirtual().name("download-stall-watch").start(this::watch);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    waitingSince = System.nanoTime();
    waiting = true;
    int count;
    try {
      count = super.read(bytes, offset, length);
    } catch (IOException failure) {
      throw stalled ? stall() : failure;
    } finally {
      waiting = false;
    }
    if (stalled) {
      throw stall();
    }
    return count;
  }

  @Override
  public void close() throws IOException {
    watch.interrupt();
    super.close();
  }

  private SocketTimeoutException stall() {
    return new SocketTimeoutException(
        "no bytes for " + Duration.ofNanos(deadlineNanos).toMillis() + " ms");
  }

  private void watch() {
    try {
      while (!stalled) {
        long waited = waiting ? System.nanoTime() - waitingSince : 0;
        long left = deadlineNanos - waited;
        if (left <= 0) {
          stalled = true;
          super.close();
        } else {
          Thread.sleep(Duration.ofNanos(left));
        }
      }
    } catch (InterruptedException | IOException closed) {
      Thread.currentThread().interrupt();
    }
  }
}
