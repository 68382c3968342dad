package io.sampo.kvcache.index;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongUnaryOperator;

/**
 * A hash table of fixed size outside the Java heap: from the fingerprint of a block to its {@link
 * Holding}. One writer, any number of readers, no locks.
 *
 * <p>A bucket is one cache line of four nodes, 16 bytes each: fingerprint (0: free), holding. Every
 * fingerprint has two buckets (Azar, Broder, Karlin, Upfal 1994), the first of which is preferred;
 * when both are full, one node makes room by going to its own other bucket, where another one may
 * have to do the same (a cuckoo table, Pagh and Rodler 2001, cut off after two steps). What finds
 * no room then takes the place of the node that was of interest longest ago. So the table holds
 * what it was made for at four fifths full, never grows, and needs no tombstones.
 *
 * <p>Readers: a node's holding is written before its fingerprint and erased after it, and a reader
 * looks at the fingerprint again after it has read the holding. A node that moves is written to its
 * new place, then {@code moves} is counted up, then it is erased at the old place; a reader that
 * finds nothing looks again if that number has changed. A reader that sleeps while a node is
 * erased, written with another block, erased, and written with the first block again, all just
 * between its three reads, may take the holding of the other; nothing worse than a misrouted
 * request comes of that.
 */
final class BlockTable {

  static final int BUCKET_NODES = 4;
  static final long NODE_BYTES = 2L * Long.BYTES;
  static final long BUCKET_BYTES = BUCKET_NODES * NODE_BYTES;
  static final long NOT_FOUND = -1;

  private static final double FULL = 0.8;
  private static final int MOVES = 2;
  private static final long SECOND = 0x9e3779b97f4a7c15L;
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment memory;
  private final long buckets;
  private final LongUnaryOperator cleaned;
  private final AtomicLong moves = new AtomicLong();

  /**
   * @param blocks how many it is to hold
   * @param cleaned what is left of a holding that is met by the way; 0 for nothing
   */
  BlockTable(Arena arena, long blocks, LongUnaryOperator cleaned) {
    buckets = Math.max(2, (long) Math.ceil(blocks / (BUCKET_NODES * FULL)));
    memory = arena.allocate(buckets * BUCKET_BYTES, BUCKET_BYTES);
    this.cleaned = cleaned;
  }

  long buckets() {
    return buckets;
  }

  long bytes() {
    return memory.byteSize();
  }

  private long first(long fingerprint) {
    return Math.unsignedMultiplyHigh(fingerprint, buckets) * BUCKET_BYTES;
  }

  private long second(long fingerprint) {
    return Math.unsignedMultiplyHigh(fingerprint * SECOND, buckets) * BUCKET_BYTES;
  }

  /** For readers: what is held of a block, 0 if nothing. */
  long read(long fingerprint) {
    while (true) {
      long before = moves.get();
      long node = find(fingerprint);
      if (node != NOT_FOUND) {
        long holding = holding(node);
        if (fingerprint(node) == fingerprint) {
          return holding;
        }
      }
      if (moves.get() == before) {
        return 0;
      }
    }
  }

  /** Asks for the line where a block probably is, without waiting for it. */
  long ask(long fingerprint) {
    return (long) LONG.get(memory, first(fingerprint));
  }

  /** For readers: changes the stamp of a holding, unless it has changed meanwhile. */
  void restamp(long fingerprint, long holding, int tick) {
    long node = find(fingerprint);
    if (node != NOT_FOUND) {
      long stamped = Holding.stamped(Holding.holders(holding), tick);
      LONG.compareAndSet(memory, node + Long.BYTES, holding, stamped);
    }
  }

  /** Where a block's node is; it stays there until the writer changes something. */
  long find(long fingerprint) {
    long node = findIn(first(fingerprint), fingerprint);
    return node != NOT_FOUND ? node : findIn(second(fingerprint), fingerprint);
  }

  private long findIn(long bucket, long fingerprint) {
    for (long node = bucket; node < bucket + BUCKET_BYTES; node += NODE_BYTES) {
      if (fingerprint(node) == fingerprint) {
        return node;
      }
    }
    return NOT_FOUND;
  }

  long fingerprint(long node) {
    return (long) LONG.getAcquire(memory, node);
  }

  long holding(long node) {
    return (long) LONG.getAcquire(memory, node + Long.BYTES);
  }

  /** For the writer: changes what is held of a block. */
  void set(long node, long holding) {
    LONG.setRelease(memory, node + Long.BYTES, holding);
  }

  /** For the writer: forgets a block. */
  void erase(long node) {
    LONG.setRelease(memory, node, 0L);
    LONG.setRelease(memory, node + Long.BYTES, 0L);
  }

  /** For the writer: room for a block that the table does not have, if there is any or can be. */
  long room(long fingerprint) {
    long first = first(fingerprint);
    long second = second(fingerprint);
    long node = findIn(first, 0);
    if (node == NOT_FOUND) {
      node = findIn(second, 0);
    }
    if (node == NOT_FOUND) {
      node = makeRoom(first, MOVES);
    }
    return node != NOT_FOUND ? node : makeRoom(second, MOVES);
  }

  /** For the writer: fills a free node. */
  void put(long node, long fingerprint, long holding) {
    LONG.setRelease(memory, node + Long.BYTES, holding);
    LONG.setRelease(memory, node, fingerprint);
  }

  private long makeRoom(long bucket, int movesLeft) {
    for (long node = bucket; node < bucket + BUCKET_BYTES; node += NODE_BYTES) {
      if (!clean(node)) {
        return node;
      }
    }
    for (long node = bucket; node < bucket + BUCKET_BYTES; node += NODE_BYTES) {
      long room = roomElsewhere(node, bucket, movesLeft);
      if (room != NOT_FOUND) {
        put(room, fingerprint(node), holding(node));
        moves.incrementAndGet();
        erase(node);
        return node;
      }
    }
    return NOT_FOUND;
  }

  private long roomElsewhere(long node, long bucket, int movesLeft) {
    long fingerprint = fingerprint(node);
    long other = first(fingerprint) == bucket ? second(fingerprint) : first(fingerprint);
    if (other == bucket) {
      return NOT_FOUND;
    }
    long free = findIn(other, 0);
    return free != NOT_FOUND || movesLeft == 1 ? free : makeRoom(other, movesLeft - 1);
  }

  /** For the writer: cleans what is held of the blocks of a bucket. */
  void cleanBucket(long bucket) {
    long begin = bucket * BUCKET_BYTES;
    for (long node = begin; node < begin + BUCKET_BYTES; node += NODE_BYTES) {
      if (fingerprint(node) != 0) {
        clean(node);
      }
    }
  }

  /** For the writer: cleans what is held of a block. False if nothing is left: it is forgotten. */
  boolean clean(long node) {
    long holding = holding(node);
    long left = cleaned.applyAsLong(holding);
    if (left == 0) {
      erase(node);
    } else if (left != holding) {
      set(node, left);
    }
    return left != 0;
  }

  /** For the writer: the one of a block's possible neighbours that may best be forgotten. */
  long oldest(long fingerprint, int tick) {
    long first = oldestIn(first(fingerprint), tick);
    long second = oldestIn(second(fingerprint), tick);
    return Holding.age(holding(first), tick) >= Holding.age(holding(second), tick) ? first : second;
  }

  private long oldestIn(long bucket, int tick) {
    long oldest = bucket;
    for (long node = bucket; node < bucket + BUCKET_BYTES; node += NODE_BYTES) {
      if (Holding.age(holding(node), tick) > Holding.age(holding(oldest), tick)) {
        oldest = node;
      }
    }
    return oldest;
  }
}
