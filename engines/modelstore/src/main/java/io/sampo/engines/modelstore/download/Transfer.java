package io.sampo.engines.modelstore.download;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.download.HttpSource.Answer;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One pass over one version of a file: several threads take the ranges that are missing, in order,
 * and write each where it belongs. A range that breaks off goes on where it stopped. A source that
 * turns out to have changed ends the pass with {@link SourceChanged}.
 */
final class Transfer {

  /** The source has another version of the file than the one this pass began with. */
  static final class SourceChanged extends Exception {}

  private static final int PIECE_BYTES = 128 << 10;

  private final HttpSource source;
  private final DownloadSettings settings;
  private final RemoteFile file;
  private final SourceVersion version;
  private final FileChannel out;
  private final RangeMap map;
  private final DownloadListener listener;
  private final long resumedBytes;
  private final AtomicInteger nextRange = new AtomicInteger();

  /** Where bytes come from now; an address behind a redirect may expire. */
  private volatile URI address;

  private long doneBytes;

  Transfer(
      HttpSource source,
      DownloadSettings settings,
      RemoteFile file,
      SourceVersion version,
      FileChannel out,
      RangeMap map,
      DownloadListener listener) {
    this.source = source;
    this.settings = settings;
    this.file = file;
    this.version = version;
    this.out = out;
    this.map = map;
    this.listener = listener;
    this.address = version.address();
    this.resumedBytes = map.doneBytes();
    this.doneBytes = resumedBytes;
  }

  /** Fetches all that is missing. */
  void run() throws IOException, InterruptedException, SourceChanged {
    report(0);
    int threads = version.ranges() ? Math.min(settings.streams(), map.ranges()) : 1;
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    try {
      ExecutorCompletionService<Void> workers = new ExecutorCompletionService<>(executor);
      for (int i = 0; i < threads; i++) {
        workers.submit(this::work);
      }
      for (int i = 0; i < threads; i++) {
        workers.take().get();
      }
    } catch (ExecutionException failed) {
      throw rethrown(failed.getCause());
    } finally {
      executor.shutdownNow();
      executor.close();
    }
  }

  private static IOException rethrown(@Nullable Throwable cause)
      throws InterruptedException, SourceChanged {
    return switch (cause) {
      case IOException io -> io;
      case SourceChanged changed -> throw changed;
      case InterruptedException interrupted -> throw interrupted;
      case null, default -> throw new IllegalStateException(cause);
    };
  }

  private Void work() throws IOException, InterruptedException, SourceChanged {
    int range = nextRange.getAndIncrement();
    while (range < map.ranges()) {
      if (!isDone(range)) {
        fetch(range);
      }
      range = nextRange.getAndIncrement();
    }
    return null;
  }

  private void fetch(int range) throws IOException, InterruptedException, SourceChanged {
    Cursor cursor = new Cursor(map.start(range), map.end(range));
    Attempts attempts = new Attempts(settings, file.label());
    while (!cursor.atEnd()) {
      long before = cursor.position;
      URI from = address;
      try {
        copy(cursor, from);
      } catch (IOException failure) {
        if (cursor.position > before && version.ranges()) {
          attempts.progressed();
        }
        attempts.waitAfter(afterRedirect(failure, from));
        if (!version.ranges()) {
          report(-cursor.position);
          cursor.position = 0;
        }
      }
    }
    finish(range);
  }

  /**
   * An address behind a redirect that is refused may have expired: the next attempt asks anew. All
   * threads may find that out at the same time.
   */
  private IOException afterRedirect(IOException failure, URI from) {
    boolean refused =
        failure instanceof ModelStoreException known
            && (known.kind() == Kind.ACCESS_DENIED || known.kind() == Kind.NOT_FOUND);
    if (!refused || from.equals(file.address())) {
      return failure;
    }
    address = file.address();
    return new IOException("the address has expired", failure);
  }

  private void copy(Cursor cursor, URI from)
      throws IOException, InterruptedException, SourceChanged {
    Answer answer = source.get(from, version.ranges() ? rangeOf(cursor) : Map.of());
    try (InputStream body = new StallGuard(answer.body(), settings.stallDeadline())) {
      checkSameVersion(answer, cursor.position);
      byte[] piece = new byte[PIECE_BYTES];
      while (!cursor.atEnd()) {
        int count = body.read(piece, 0, (int) Math.min(piece.length, cursor.left()));
        if (count < 0) {
          throw new EOFException("the source broke off");
        }
        write(ByteBuffer.wrap(piece, 0, count), cursor.position);
        cursor.position += count;
        report(count);
      }
    }
  }

  private Map<String, String> rangeOf(Cursor cursor) {
    Map<String, String> headers = new HashMap<>();
    headers.put("Range", "bytes=" + cursor.position + "-" + (cursor.end - 1));
    if (!version.etag().isEmpty()) {
      headers.put("If-Range", version.etag());
    }
    return headers;
  }

  private void checkSameVersion(Answer answer, long start) throws SourceChanged {
    boolean wholeAsExpected = !version.ranges() && answer.status() == 200;
    long bytes =
        wholeAsExpected ? SourceVersion.length(answer) : SourceVersion.total(answer, start);
    boolean part = version.ranges() == (answer.status() == 206);
    if (!part || bytes != version.bytes() || isOther(SourceVersion.strongEtag(answer))) {
      throw new SourceChanged();
    }
  }

  /** An answer need not repeat the validator. */
  private boolean isOther(String etag) {
    return !etag.isEmpty() && !version.etag().isEmpty() && !etag.equals(version.etag());
  }

  private void write(ByteBuffer piece, long position) throws ModelStoreException {
    long at = position;
    try {
      while (piece.hasRemaining()) {
        at += out.write(piece, at);
      }
    } catch (IOException full) {
      throw new ModelStoreException(
          Kind.NO_SPACE, file.label() + " cannot be written: " + full.getMessage(), full);
    }
  }

  private synchronized boolean isDone(int range) {
    return map.isDone(range);
  }

  private synchronized void finish(int range) throws IOException {
    out.force(false);
    map.mark(range);
  }

  private synchronized void report(long moreBytes) {
    doneBytes += moreBytes;
    listener.onProgress(
        new DownloadProgress(file.label(), doneBytes, version.bytes(), resumedBytes));
  }

  /** Where a thread stands in its range. */
  private static final class Cursor {

    private long position;
    private final long end;

    Cursor(long start, long end) {
      this.position = start;
      this.end = end;
    }

    long left() {
      return end - position;
    }

    boolean atEnd() {
      return position == end;
    }
  }
}
