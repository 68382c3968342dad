package io.sampo.kvcache.index;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Which slot stands for which holder. What is noted of a holder is noted of its slot; a holder
 * whose blocks are all forgotten gets another slot, which takes one step however many they are. The
 * old slot may be used again only when a sweep over the whole table has met every trace of it.
 *
 * <p>Written by one thread, read by any.
 */
final class HolderSlots {

  private static final int NONE = -1;

  /** A slot that was given up, and how far the sweep had come then. */
  private record Retired(int slot, long swept) {}

  private final AtomicIntegerArray slots;
  private final AtomicIntegerArray holders;
  private final AtomicLongArray closed;
  private final long[] live;
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private final ArrayDeque<Retired> retired = new ArrayDeque<>();
  private final AtomicLong changes = new AtomicLong();
  private int count;

  HolderSlots(int maxHolders, int maxSlots) {
    slots = new AtomicIntegerArray(maxHolders);
    holders = new AtomicIntegerArray(maxSlots);
    closed = new AtomicLongArray(maxSlots / Long.SIZE);
    live = new long[maxSlots / Long.SIZE];
    for (int holder = 0; holder < maxHolders; holder++) {
      slots.set(holder, NONE);
    }
    for (int slot = 0; slot < maxSlots; slot++) {
      holders.set(slot, NONE);
      free.add(slot);
    }
  }

  int count() {
    return count;
  }

  /** For the writer: slots of which something may be noted that counts, one bit each. */
  long[] live() {
    return live;
  }

  /** The slot of a holder, or -1. */
  int slotOf(int holder) {
    return holder >= 0 && holder < slots.length() ? slots.getAcquire(holder) : NONE;
  }

  /** The holder of a slot, or -1 when the slot stands for none any more, or not yet. */
  int holderOf(int slot) {
    int holder = holders.getAcquire(slot);
    return holder != NONE && slots.getAcquire(holder) == slot ? holder : NONE;
  }

  /** How often a holder has got or lost a slot. */
  long changes() {
    return changes.get();
  }

  /** A number for a new holder, or -1 when there are as many as there may be. */
  int freeHolder() {
    for (int holder = 0; holder < slots.length(); holder++) {
      if (slots.get(holder) == NONE) {
        return holder;
      }
    }
    return NONE;
  }

  /** A slot for what will be noted, or -1 when the sweep has to go on first. */
  int take(int holder, long swept, long whole) {
    while (!retired.isEmpty() && swept - retired.peek().swept() >= whole) {
      free.add(retired.remove().slot());
    }
    Integer slot = free.poll();
    if (slot == null) {
      return NONE;
    }
    live[slot / Long.SIZE] |= 1L << slot;
    holders.setRelease(slot, holder);
    setClosed(slot, true);
    return slot;
  }

  /** From now on this slot stands for the holder, and what it had before for nobody. */
  void give(int holder, int slot, long swept) {
    int before = slots.get(holder);
    slots.setRelease(holder, slot);
    changes.incrementAndGet();
    count += (slot == NONE ? 0 : 1) - (before == NONE ? 0 : 1);
    if (before != NONE) {
      live[before / Long.SIZE] &= ~(1L << before);
      retired.add(new Retired(before, swept));
    }
  }

  /** The holder has no slot any more. */
  void remove(int holder, long swept) {
    give(holder, NONE, swept);
  }

  /** Whether there are slots that wait for the sweep. */
  boolean sweeping() {
    return !retired.isEmpty();
  }

  void setClosed(int slot, boolean isClosed) {
    int word = slot / Long.SIZE;
    long bit = 1L << slot;
    long bits = closed.getPlain(word);
    closed.setRelease(word, isClosed ? bits | bit : bits & ~bit);
  }

  /** Whether all these holders have with each block all that are before it. */
  boolean closed(HolderBits some) {
    for (long left = some.words(); left != 0; left &= left - 1) {
      int word = Long.numberOfTrailingZeros(left);
      if ((some.any(word) & ~closed.getAcquire(word)) != 0) {
        return false;
      }
    }
    return true;
  }
}
