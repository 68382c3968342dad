package io.sampo.engines.llamacpp;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.llamacpp.StateFormat.UnknownStateException;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.ModelFingerprint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** States are written here as llama_kv_cache::state_write does it, apart from the code. */
class StateFormatTest {

  private static final int MAGIC = 0xaf143cd8;
  private static final int LAYERS = 3;
  private static final int KEY_ROW = 68;
  private static final int VALUE_ROW = 34;
  private static final int BLOCK = 8;
  private static final ModelFingerprint MODEL = ModelFingerprint.of("test", List.of());

  private static MemorySegment state(List<Integer> positions, boolean transposed, int valueLayers) {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16).order(ByteOrder.nativeOrder());
    bytes.putInt(MAGIC).putInt(7).putInt(1).putInt(positions.size());
    positions.forEach(position -> bytes.putInt(position).putInt(1).putInt(7));
    bytes.putInt(transposed ? 1 : 0).putInt(LAYERS);
    for (int run = 0; run < LAYERS + valueLayers; run++) {
      int row = run < LAYERS ? KEY_ROW : VALUE_ROW;
      bytes.putInt(KvFormat.Q8_0.code()).putLong(row);
      for (int position : positions) {
        for (int i = 0; i < row; i++) {
          bytes.put(content(run, position, i));
        }
      }
    }
    return memory(bytes.flip());
  }

  private static byte content(int run, int position, int i) {
    return (byte) (run * 31 + position * 7 + i);
  }

  private static MemorySegment memory(ByteBuffer bytes) {
    return Arena.ofAuto().allocate(bytes.remaining()).copyFrom(MemorySegment.ofBuffer(bytes));
  }

  private static StateFormat learn(MemorySegment cell) {
    return StateFormat.learn(cell, KvFormat.Q8_0, MODEL, BLOCK);
  }

  private static StateFormat format() {
    return learn(state(List.of(0), false, LAYERS));
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private static List<MemorySegment> room(StateFormat format, int blocks) {
    return IntStream.range(0, blocks)
        .mapToObj(_ -> Arena.ofAuto().allocate(format.layout().blockBytes()))
        .toList();
  }

  private static List<KvBlock> blocks(
      StateFormat format, MemorySegment state, int from, int count) {
    List<MemorySegment> memory = room(format, count);
    format.toBlocks(state, from, memory);
    List<KvBlock> blocks = new ArrayList<>();
    for (MemorySegment block : memory) {
      blocks.add(KvBlock.seal(block, format.layout(), from + blocks.size() * BLOCK));
    }
    return blocks;
  }

  @Test
  void learnsLayersAndRowsFromOneCell() {
    assertThat(format().layout().keyRowBytes()).isEqualTo(Collections.nCopies(LAYERS, KEY_ROW));
    assertThat(format().layout().valueRowBytes()).isEqualTo(Collections.nCopies(LAYERS, VALUE_ROW));
    assertThat(format().layout().keys()).isEqualTo(KvFormat.Q8_0);
  }

  @Test
  void findsEachRowWhereverItsCellLies() {
    List<Integer> shuffled = new ArrayList<>(range(16, 40));
    Collections.shuffle(shuffled, new Random(3));
    for (List<Integer> order : List.of(range(16, 40), shuffled)) {
      StateFormat format = format();
      List<KvBlock> blocks = blocks(format, state(order, false, LAYERS), 16, 3);
      for (int position = 16; position < 40; position++) {
        MemorySegment block = blocks.get(position / BLOCK - 2).bytes();
        for (int run = 0; run < 2 * LAYERS; run++) {
          int row = format.layout().rowBytes(run);
          long at = format.layout().runAt(run) + (long) position % BLOCK * row;
          assertThat(block.get(JAVA_BYTE, at)).isEqualTo(content(run, position, 0));
          assertThat(block.get(JAVA_BYTE, at + row - 1)).isEqualTo(content(run, position, row - 1));
        }
      }
    }
  }

  @Test
  void writesAnyPartOfAChainAsAState() {
    StateFormat format = format();
    List<KvBlock> blocks = blocks(format, state(range(16, 40), false, LAYERS), 16, 3);
    for (int[] part : new int[][] {{16, 40}, {16, 17}, {19, 37}, {24, 32}}) {
      MemorySegment into = Arena.ofAuto().allocate(format.stateBytes(part[1] - part[0]));
      MemorySegment written = format.ofBlocks(blocks, part[0], part[1], into);
      MemorySegment expected = state(range(part[0], part[1]), false, LAYERS);
      assertThat(written.byteSize()).isEqualTo(expected.byteSize());
      long rows = 16 + 12L * (part[1] - part[0]);
      assertThat(written.asSlice(rows).mismatch(expected.asSlice(rows))).isEqualTo(-1);
    }
  }

  @Test
  void saysWhyItCannotMakeBlocksOfAState() {
    refuses(() -> learn(state(List.of(0), true, LAYERS)), "flash attention");
    refuses(() -> learn(state(List.of(0), false, 0)), "MLA");
    refuses(() -> learn(state(List.of(0), false, LAYERS - 1)), "ends early");
    refuses(() -> learn(state(List.of(0), false, LAYERS + 1)), "more than keys and values");
    refuses(() -> learn(state(range(0, 2), false, LAYERS)), "cells must be 1");
    refuses(
        () -> StateFormat.learn(state(List.of(0), false, LAYERS), KvFormat.F16, MODEL, BLOCK),
        "number format must be 1, is 8");
  }

  @Test
  void refusesAStateThatDoesNotHoldThePositions() {
    StateFormat format = format();
    refuses(
        () -> format.toBlocks(state(range(8, 16), false, LAYERS), 0, room(format, 1)),
        "position 8");
    refuses(
        () -> format.toBlocks(state(range(0, 7), false, LAYERS), 0, room(format, 1)), "cells must");
    List<Integer> twice = List.of(0, 1, 2, 3, 4, 5, 6, 6);
    refuses(() -> format.toBlocks(state(twice, false, LAYERS), 0, room(format, 1)), "position 6");
  }

  @Test
  void survivesEveryDamage() {
    StateFormat format = format();
    MemorySegment good = state(range(0, 16), false, LAYERS);
    Random random = new Random(5);
    for (int round = 0; round < 3000; round++) {
      MemorySegment bad = Arena.ofAuto().allocate(good.byteSize()).copyFrom(good);
      for (int i = random.nextInt(4); i >= 0; i--) {
        bad.set(JAVA_BYTE, random.nextInt(240), (byte) random.nextInt());
      }
      MemorySegment cut =
          bad.asSlice(0, good.byteSize() - random.nextLong(2) * random.nextInt(900));
      try {
        format.toBlocks(cut, 0, room(format, 2));
      } catch (UnknownStateException refused) {
        assertThat(refused).hasMessageContaining("state");
      }
      try {
        learn(cut);
      } catch (UnknownStateException | IllegalArgumentException refused) {
        assertThat(refused.getMessage()).isNotBlank();
      }
    }
  }

  private static void refuses(Runnable reading, String reason) {
    assertThatThrownBy(reading::run)
        .isInstanceOf(UnknownStateException.class)
        .hasMessageContaining(reason);
  }
}
