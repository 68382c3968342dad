package io.sampo.kvcache.store;

import io.sampo.kvcache.block.KvBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Memory outside the Java heap for blocks of several sizes. Guarded by the store's lock.
 *
 * <p>It consists of slabs of one size, taken from the system when they are first needed and kept to
 * the end. A slab is cut into slots for blocks of one size; when the last block has left it, it can
 * be cut anew. So that a model which comes need not wait until slabs of another one happen to be
 * empty, {@link #gather} moves blocks together.
 */
final class HostMemory implements AutoCloseable {

  /** The largest slab. */
  private static final long MAX_SLAB_BYTES = 64 << 20;

  /** A budget has at least so many slabs. */
  private static final int MIN_SLABS = 16;

  /** Blocks begin at a multiple of this. */
  static final int ALIGNMENT = 64;

  /** Room for one block; belongs to who took it until it is freed. */
  static final class Slot {
    private final Slab slab;
    private final int index;
    private final MemorySegment memory;

    /** The block that lies here; null while it is being filled or given up. */
    @Nullable Entry owner;

    private Slot(Slab slab, int index, MemorySegment memory) {
      this.slab = slab;
      this.index = index;
      this.memory = memory;
    }

    MemorySegment memory() {
      return memory;
    }
  }

  private static final class Slab {
    final MemorySegment memory;
    final BitSet taken = new BitSet();
    Slot[] slots = {};
    int blockBytes;
    int used;

    Slab(MemorySegment memory) {
      this.memory = memory;
    }

    void cut(int bytes) {
      int stride = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
      blockBytes = bytes;
      slots = new Slot[(int) (memory.byteSize() / stride)];
      for (int i = 0; i < slots.length; i++) {
        slots[i] = new Slot(this, i, memory.asSlice((long) i * stride, bytes));
      }
    }

    boolean hasRoomFor(int bytes) {
      return blockBytes == bytes && used < slots.length;
    }

    /** Whether every block in it can be moved: its bytes are there and nobody looks at them. */
    boolean movable() {
      for (int i = taken.nextSetBit(0); i >= 0; i = taken.nextSetBit(i + 1)) {
        Entry owner = slots[i].owner;
        if (owner == null || owner.host.users > 0) {
          return false;
        }
      }
      return true;
    }
  }

  private final Arena arena = Arena.ofShared();
  private final List<Slab> slabs = new ArrayList<>();
  private final long slabBytes;
  private final int maxSlabs;

  /**
   * @param budgetBytes all memory that may be taken from the system
   */
  HostMemory(long budgetBytes) {
    slabBytes = Math.min(MAX_SLAB_BYTES, budgetBytes / MIN_SLABS / ALIGNMENT * ALIGNMENT);
    maxSlabs = (int) Math.min(Integer.MAX_VALUE, budgetBytes / slabBytes);
  }

  /** The largest block that it can hold. */
  long maxBlockBytes() {
    return slabBytes;
  }

  /** Room for a block; null when something has to go first. */
  @Nullable Slot take(int bytes) {
    Slab slab = null;
    for (Slab one : slabs) {
      if (one.hasRoomFor(bytes)) {
        return take(one);
      }
      slab = slab == null && one.used == 0 ? one : slab;
    }
    if (slab == null) {
      if (slabs.size() == maxSlabs) {
        return null;
      }
      slab = new Slab(arena.allocate(slabBytes, ALIGNMENT));
      slabs.add(slab);
    }
    slab.cut(bytes);
    return take(slab);
  }

  private static Slot take(Slab slab) {
    int index = slab.taken.nextClearBit(0);
    slab.taken.set(index);
    slab.used++;
    return slab.slots[index];
  }

  void free(Slot slot) {
    slot.owner = null;
    slot.slab.taken.clear(slot.index);
    slot.slab.used--;
  }

  /**
   * Empties a slab of other blocks than those of this size, where the rest of their size have room
   * for what lies in it.
   */
  void gather(int bytes) {
    for (Slab slab : slabs) {
      if (slab.blockBytes != bytes && slab.used <= roomBeside(slab) && slab.movable()) {
        empty(slab);
        return;
      }
    }
  }

  private int roomBeside(Slab slab) {
    int room = 0;
    for (Slab other : slabs) {
      if (other != slab && other.blockBytes == slab.blockBytes) {
        room += other.slots.length - other.used;
      }
    }
    return room;
  }

  private void empty(Slab slab) {
    for (Slab other : slabs) {
      while (slab.used > 0 && other != slab && other.hasRoomFor(slab.blockBytes)) {
        move(slab.slots[slab.taken.nextSetBit(0)], take(other));
      }
    }
  }

  private void move(Slot from, Slot to) {
    Entry owner = from.owner;
    if (owner == null) {
      throw new IllegalStateException("only a whole block can be moved");
    }
    to.memory.copyFrom(from.memory);
    to.owner = owner;
    owner.slot = to;
    owner.block = KvBlock.open(to.memory, owner.layout);
    free(from);
  }

  /** Memory that was taken from the system. */
  long bytes() {
    return slabs.size() * slabBytes;
  }

  /**
   * Whoever looks at a slot's memory from now on gets an exception. While bytes are on their way
   * from it through a channel it cannot be given back, and stays until the process ends.
   */
  @Override
  public void close() {
    try {
      arena.close();
    } catch (IllegalStateException inUse) {
      slabs.clear();
    }
  }
}
