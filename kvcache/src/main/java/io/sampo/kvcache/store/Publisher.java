package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvBlock;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes blocks from engines into a store beside the engines' work, in a thread of its own, one text
 * after another. Who offers a text never waits: when many are waiting already, it is not published.
 */
public final class Publisher implements AutoCloseable {

  /** So many bytes are asked of an engine at once, or one block where that is more. */
  private static final int PIECE_BYTES = 8 << 20;

  /** An engine that has not answered by then is not waited for. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Duration CLOSING = Duration.ofSeconds(5);

  private final BlockStore store;
  private final BlockingQueue<Publication> waiting;
  private final AtomicLong blocks = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final Thread thread;

  /**
   * @param maxWaiting how many texts may wait, at least 1
   */
  public Publisher(BlockStore store, int maxWaiting) {
    this.store = store;
    waiting = new ArrayBlockingQueue<>(maxWaiting);
    thread = Thread.ofPlatform().name("kv-publisher").daemon().start(this::run);
  }

  /** Has the blocks published that the store lacks, some time; false when too much is waiting. */
  public boolean offer(Publication publication) {
    boolean taken = waiting.offer(publication);
    if (!taken) {
      dropped.incrementAndGet();
    }
    return taken;
  }

  /** Figures of one moment. */
  public PublisherStats stats() {
    return new PublisherStats(waiting.size(), blocks.get(), dropped.get(), failed.get());
  }

  private void run() {
    try {
      while (true) {
        publish(waiting.take());
      }
    } catch (InterruptedException closing) {
      waiting.clear();
    }
  }

  private void publish(Publication text) throws InterruptedException {
    int next = store.leading(text.hashes()).host();
    boolean more = next < text.blocks();
    while (more) {
      List<Reservation> piece = reserve(text, next);
      int published = piece.isEmpty() ? 0 : fill(text, next, piece);
      blocks.addAndGet(published);
      next += published;
      more = published > 0 && published == piece.size() && next < text.blocks();
    }
  }

  private List<Reservation> reserve(Publication text, int first) {
    int most = Math.max(1, PIECE_BYTES / text.layout().blockBytes());
    List<Reservation> piece = new ArrayList<>();
    for (int block = first; block < text.blocks() && piece.size() < most; block++) {
      Reservation one =
          store.reserve(
              BlockHash.at(text.hashes(), block),
              block == 0 ? null : BlockHash.at(text.hashes(), block - 1),
              text.layout(),
              text.tenant(),
              text.costMillis());
      if (one == null) {
        return piece;
      }
      piece.add(one);
    }
    return piece;
  }

  /** Has the engine fill what is reserved; how many blocks are stored. */
  private int fill(Publication text, int first, List<Reservation> piece)
      throws InterruptedException {
    List<MemorySegment> into = piece.stream().map(Reservation::memory).toList();
    CompletableFuture<List<KvBlock>> answer = export(text, first, into);
    try {
      return commit(answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS), piece);
    } catch (TimeoutException | ExecutionException slowOrBroken) {
      failed.incrementAndGet();
      return 0;
    } finally {
      // Until the engine has answered it may write there, whether somebody waits for it or not.
      CompletableFuture<?> _ = answer.whenComplete((_, _) -> piece.forEach(Reservation::close));
    }
  }

  private static CompletableFuture<List<KvBlock>> export(
      Publication text, int first, List<MemorySegment> into) {
    try {
      return text.exporter().export(first, into);
    } catch (RuntimeException broken) {
      return CompletableFuture.failedFuture(broken);
    }
  }

  private static int commit(List<KvBlock> filled, List<Reservation> piece) {
    int stored = 0;
    while (stored < filled.size() && piece.get(stored).commit(filled.get(stored))) {
      stored++;
    }
    return stored;
  }

  /** Gives up what waits. */
  @Override
  public void close() {
    thread.interrupt();
    Threads.end(thread, CLOSING);
  }
}
