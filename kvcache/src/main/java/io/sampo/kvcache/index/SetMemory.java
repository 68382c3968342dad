package io.sampo.kvcache.index;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Pieces of memory of a few sizes, outside the Java heap, for one writer and any readers. A piece
 * that was given back is handed out again as it is; who still reads it reads something else then.
 *
 * <p>The number of a piece, 48 bits: 32 of where it is, in units of 16 bytes; 3 of its kind, which
 * is its size; 13 of how often pieces have been handed out, so that a reader who finds the same
 * number again after reading can tell that the piece was his all the while.
 */
final class SetMemory {

  /** What {@link #allocate} answers when there is no more. */
  static final long NONE = -1;

  private static final int UNIT_BYTES = 16;
  private static final int CHUNK_UNITS_LOG = 12;
  private static final int CHUNK_UNITS = 1 << CHUNK_UNITS_LOG;
  private static final int CHUNK_BYTES = CHUNK_UNITS * UNIT_BYTES;
  private static final int KIND_AT = 32;
  private static final int MAX_KINDS = 1 << 3;
  private static final long UNITS_MASK = (1L << KIND_AT) - 1;
  private static final int TURN_AT = 35;
  private static final int TURNS = 1 << 13;
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final Arena arena;
  private final int[] words;
  private final MemorySegment[] chunks;
  private final long[] free;
  private int usedChunks;
  private int usedUnits = CHUNK_UNITS;
  private long turn;

  /**
   * @param maxBytes how much there may be of it
   * @param words the sizes, each an even number of longs
   */
  SetMemory(Arena arena, long maxBytes, int... words) {
    this.arena = arena;
    this.words = words;
    chunks = new MemorySegment[(int) Math.ceilDiv(maxBytes, CHUNK_BYTES)];
    free = new long[words.length];
    Arrays.fill(free, NONE);
  }

  long bytes() {
    return (long) usedChunks * CHUNK_BYTES + (long) chunks.length * Integer.BYTES;
  }

  static int kind(long piece) {
    return (int) (piece >>> KIND_AT) & (MAX_KINDS - 1);
  }

  /** How many longs a piece has. */
  int words(long piece) {
    return words[kind(piece)];
  }

  long word(long piece, int index) {
    return (long) LONG.getAcquire(chunk(piece), offset(piece, index));
  }

  void setWord(long piece, int index, long word) {
    LONG.setRelease(chunk(piece), offset(piece, index), word);
  }

  private MemorySegment chunk(long piece) {
    return chunks[(int) piece >>> CHUNK_UNITS_LOG];
  }

  private static long offset(long piece, int index) {
    return (piece & (CHUNK_UNITS - 1)) * UNIT_BYTES + (long) index * Long.BYTES;
  }

  /** A piece with whatever is in it, or {@link #NONE}. */
  long allocate(int kind) {
    long place = free[kind];
    if (place != NONE) {
      free[kind] = word(place, 0);
    } else {
      place = unused(words[kind] * Long.BYTES / UNIT_BYTES);
    }
    if (place == NONE) {
      return NONE;
    }
    turn = (turn + 1) % TURNS;
    return (turn << TURN_AT) | ((long) kind << KIND_AT) | (place & UNITS_MASK);
  }

  /** Memory that was never handed out. */
  private long unused(int units) {
    if (usedUnits + units > CHUNK_UNITS) {
      if (usedChunks == chunks.length) {
        return NONE;
      }
      chunks[usedChunks++] = arena.allocate(CHUNK_BYTES, UNIT_BYTES);
      usedUnits = 0;
    }
    long place = ((usedChunks - 1L) << CHUNK_UNITS_LOG) | usedUnits;
    usedUnits += units;
    return place;
  }

  /** Gives a piece back, to be handed out again. */
  void release(long piece) {
    setWord(piece, 0, free[kind(piece)]);
    free[kind(piece)] = piece;
  }
}
