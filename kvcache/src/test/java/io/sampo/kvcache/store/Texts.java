package io.sampo.kvcache.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BlockSource;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Texts of small blocks whose bytes follow from their hashes, so that everyone can check them. */
final class Texts {

  static final KvLayout LAYOUT = layout("model", 32);
  static final String TENANT = "default";

  private Texts() {}

  static KvLayout layout(String model, int rowBytes) {
    return new KvLayout(
        ModelFingerprint.of(model, List.of("weights")),
        KvFormat.F16,
        KvFormat.F16,
        List.of(16, rowBytes),
        List.of(8, 24),
        8);
  }

  /** The hashes of a text of so many blocks, of which the first ones are those of all of a salt. */
  static long[] text(int blocks, int common, int salt, int name) {
    int[] ids = new int[8 * blocks];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i < 8 * common ? i : 1000 * name + i;
    }
    return new BlockChain(("salt " + salt).getBytes(UTF_8), new byte[0], 8).hashes(ids);
  }

  static long[] text(int blocks, int name) {
    return text(blocks, 0, 0, name);
  }

  /** Puts block after block; how many are there then. */
  static int put(BlockStore store, long[] text) {
    return put(store, text, LAYOUT, TENANT, 1);
  }

  static int put(BlockStore store, long[] text, KvLayout layout, String tenant, double cost) {
    int block = store.leading(text).host();
    while (block < BlockHash.count(text) && put(store, text, block, layout, tenant, cost)) {
      block++;
    }
    return block;
  }

  private static boolean put(
      BlockStore store, long[] text, int block, KvLayout layout, String tenant, double cost) {
    BlockHash hash = BlockHash.at(text, block);
    Reservation room = store.reserve(hash, before(text, block), layout, tenant, cost);
    return room != null && room.commit(fill(room.memory(), layout, hash, block));
  }

  static @Nullable BlockHash before(long[] text, int block) {
    return block == 0 ? null : BlockHash.at(text, block - 1);
  }

  static KvBlock fill(MemorySegment memory, KvLayout layout, BlockHash hash, int block) {
    SplittableRandom random = new SplittableRandom(hash.first());
    for (long at = layout.headerBytes(); at < memory.byteSize(); at++) {
      memory.set(JAVA_BYTE, at, (byte) random.nextInt());
    }
    return KvBlock.seal(memory, layout, block * layout.blockTokens());
  }

  /** Whether a block has the bytes that its hash says. */
  static boolean isRight(KvBlock block, BlockHash hash) {
    SplittableRandom random = new SplittableRandom(hash.first());
    MemorySegment bytes = block.bytes();
    for (long at = block.layout().headerBytes(); at < bytes.byteSize(); at++) {
      if (bytes.get(JAVA_BYTE, at) != (byte) random.nextInt()) {
        return false;
      }
    }
    return true;
  }

  /** How many leading blocks can be borrowed; each is looked at. */
  static int borrowed(BlockSource source, long[] text) {
    for (int block = 0; block < BlockHash.count(text); block++) {
      BlockHash hash = BlockHash.at(text, block);
      try (BorrowedBlock lent = source.borrow(hash)) {
        if (lent == null) {
          return block;
        }
        if (!isRight(lent.block(), hash)
            || lent.block().firstPosition() != block * lent.block().layout().blockTokens()) {
          throw new AssertionError("block %d of the text has other bytes".formatted(block));
        }
      }
    }
    return BlockHash.count(text);
  }
}
