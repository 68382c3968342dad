package io.sampo.engines.llamacpp;

import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The bytes in which llama.cpp v0.5.0 writes the state of one sequence of a plain, unified KV
 * cache, and how blocks are made of them and they of blocks:
 *
 * <pre>
 *   magic, sequence, streams (1), cells
 *   for each cell:  position, count of sequences, their numbers
 *   1 where values are transposed (flash attention is off), layers
 *   for each layer: number format of keys (4 bytes), bytes of a row (8 bytes), a row for each cell
 *   for each layer: the same of values
 * </pre>
 *
 * <p>Numbers are of 4 bytes in the machine's order where nothing else is said. Nothing in
 * llama.cpp's interface tells layers, rows or the order of values, so all of it is learnt from the
 * state of a single cell: what does not read exactly like this is refused.
 *
 * <p>Cells stand in the order of their places in the pool, which is mostly but not always that of
 * their positions.
 */
final class StateFormat {

  /** A state that is not of this format; the message says why blocks cannot be made of it. */
  static final class UnknownStateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnknownStateException(String reason) {
      super(reason);
    }
  }

  /** Cells that follow each other in a state and in one block. */
  private record Piece(int cell, int position, int cells) {}

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.nativeOrder());

  private static final int CELLS_AT = 12;
  private static final int META_AT = 16;
  private static final int META_BYTES = 12;
  private static final int RUN_HEAD_BYTES = 12;

  private final int magic;
  private final KvLayout layout;
  private final int[] rowBytes;
  private final int[] runAt;

  private StateFormat(int magic, KvLayout layout) {
    this.magic = magic;
    this.layout = layout;
    rowBytes = new int[layout.runs()];
    runAt = new int[layout.runs()];
    for (int run = 0; run < rowBytes.length; run++) {
      rowBytes[run] = layout.rowBytes(run);
      runAt[run] = layout.runAt(run);
    }
  }

  /**
   * Learns the format of a context.
   *
   * @param state of one cell at position 0
   * @param format that the context was made with
   * @param model whose blocks they will be
   * @throws UnknownStateException when it is not a format as above
   */
  static StateFormat learn(
      MemorySegment state, KvFormat format, ModelFingerprint model, int blockTokens) {
    Reader reader = new Reader(state);
    int magic = reader.integer();
    reader.integer();
    reader.expect(1, "streams");
    reader.expect(1, "cells");
    reader.expect(0, "position");
    reader.skip((long) Integer.BYTES * reader.integer());
    if (reader.integer() != 0) {
      throw new UnknownStateException(
          "without flash attention values lie across tokens; turn it on to have KV blocks");
    }
    int layers = reader.integer();
    if (layers < 1 || layers > KvLayout.MAX_LAYERS) {
      throw new UnknownStateException("the model's state is more than keys and values");
    }
    List<Integer> keys = reader.rows(layers, format);
    if (reader.atEnd()) {
      throw new UnknownStateException("the model keeps no values (MLA), which blocks do not know");
    }
    List<Integer> values = reader.rows(layers, format);
    if (!reader.atEnd()) {
      throw new UnknownStateException("the model's state is more than keys and values");
    }
    return new StateFormat(magic, new KvLayout(model, format, format, keys, values, blockTokens));
  }

  KvLayout layout() {
    return layout;
  }

  /** The most bytes that a state of so many cells has. */
  long stateBytes(int cells) {
    return META_AT
        + 2L * Integer.BYTES
        + (long) RUN_HEAD_BYTES * layout.runs()
        + cells * (META_BYTES + layout.tokenBytes());
  }

  /**
   * Copies a state's rows to their places in blocks.
   *
   * @param from the first block's first position; the state holds each position of all blocks once
   * @throws UnknownStateException when it does not
   */
  void toBlocks(MemorySegment state, int from, List<MemorySegment> blocks) {
    Reader reader = new Reader(state);
    reader.expect(magic, "magic");
    reader.integer();
    reader.expect(1, "streams");
    int cells = blocks.size() * layout.blockTokens();
    reader.expect(cells, "cells");
    List<Piece> pieces = reader.pieces(from, cells, layout.blockTokens());
    reader.expect(0, "transposed values");
    reader.expect(layout.layers(), "layers");
    for (int run = 0; run < rowBytes.length; run++) {
      int row = rowBytes[run];
      reader.expect(format(run).code(), "number format");
      reader.expectLong(row, "bytes of a row");
      long rows = reader.skip((long) cells * row);
      for (Piece piece : pieces) {
        int block = piece.position / layout.blockTokens();
        int place = piece.position % layout.blockTokens();
        MemorySegment.copy(
            state,
            rows + (long) piece.cell * row,
            blocks.get(block),
            runAt[run] + (long) place * row,
            (long) piece.cells * row);
      }
    }
    if (!reader.atEnd()) {
      throw new UnknownStateException("the state is longer than its rows");
    }
  }

  private KvFormat format(int run) {
    return run < layout.layers() ? layout.keys() : layout.values();
  }

  /**
   * Makes a state of some positions of blocks.
   *
   * @param blocks that join each other and cover the positions
   * @param into at least {@link #stateBytes} for as many cells
   * @return the state, a part of that memory
   */
  MemorySegment ofBlocks(List<KvBlock> blocks, int from, int to, MemorySegment into) {
    int cells = to - from;
    into.set(INT, 0, magic);
    into.set(INT, 4, 0);
    into.set(INT, 8, 1);
    into.set(INT, CELLS_AT, cells);
    long at = META_AT;
    for (int position = from; position < to; position++) {
      into.set(INT, at, position);
      into.set(INT, at + 4, 1);
      into.set(INT, at + 8, 0);
      at += META_BYTES;
    }
    into.set(INT, at, 0);
    into.set(INT, at + 4, layout.layers());
    at += 2 * Integer.BYTES;
    for (int run = 0; run < rowBytes.length; run++) {
      into.set(INT, at, format(run).code());
      into.set(LONG, at + 4, rowBytes[run]);
      at += RUN_HEAD_BYTES;
      copyRows(blocks, from, to, run, into.asSlice(at, (long) cells * rowBytes[run]));
      at += (long) cells * rowBytes[run];
    }
    return into.asSlice(0, at);
  }

  private void copyRows(List<KvBlock> blocks, int from, int to, int run, MemorySegment into) {
    int tokens = layout.blockTokens();
    int first = blocks.getFirst().firstPosition();
    long row = rowBytes[run];
    for (int position = from; position < to; ) {
      int place = position % tokens;
      int count = Math.min(tokens - place, to - position);
      MemorySegment block = blocks.get((position - first) / tokens).bytes();
      MemorySegment.copy(
          block, runAt[run] + place * row, into, (position - from) * row, count * row);
      position += count;
    }
  }

  /** Reads a state from its beginning on. */
  private static final class Reader {

    private final MemorySegment state;
    private long at;

    private Reader(MemorySegment state) {
      this.state = state;
    }

    private long skip(long bytes) {
      long before = at;
      if (bytes < 0 || bytes > state.byteSize() - at) {
        throw new UnknownStateException("the state ends early");
      }
      at += bytes;
      return before;
    }

    private int integer() {
      return state.get(INT, skip(Integer.BYTES));
    }

    private void expect(int wanted, String what) {
      expect(integer(), wanted, what);
    }

    private void expectLong(long wanted, String what) {
      expect(state.get(LONG, skip(Long.BYTES)), wanted, what);
    }

    private static void expect(long given, long wanted, String what) {
      if (given != wanted) {
        throw new UnknownStateException(
            "the state's %s must be %d, is %d".formatted(what, wanted, given));
      }
    }

    private boolean atEnd() {
      return at == state.byteSize();
    }

    /** The lengths of the rows of a state with one cell. */
    private List<Integer> rows(int layers, KvFormat format) {
      List<Integer> rows = new ArrayList<>();
      for (int layer = 0; layer < layers; layer++) {
        expect(format.code(), "number format");
        long bytes = state.get(LONG, skip(Long.BYTES));
        skip(bytes);
        rows.add((int) bytes);
      }
      return rows;
    }

    /** Where the cells belong; they must be the given positions, each once. */
    private List<Piece> pieces(int from, int cells, int blockTokens) {
      List<Piece> pieces = new ArrayList<>();
      BitSet seen = new BitSet(cells);
      int begin = 0;
      int before = -1;
      for (int cell = 0; cell < cells; cell++) {
        int position = integer() - from;
        skip((long) Integer.BYTES * integer());
        if (position < 0 || position >= cells || seen.get(position)) {
          throw new UnknownStateException("the state has a cell at position " + (position + from));
        }
        seen.set(position);
        if (cell > 0 && (position != before + 1 || position % blockTokens == 0)) {
          pieces.add(new Piece(begin, before + 1 - (cell - begin), cell - begin));
          begin = cell;
        }
        before = position;
      }
      pieces.add(new Piece(begin, before + 1 - (cells - begin), cells - begin));
      return pieces;
    }
  }
}
