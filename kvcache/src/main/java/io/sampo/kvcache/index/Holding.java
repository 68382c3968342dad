package io.sampo.kvcache.index;

import io.sampo.kvcache.event.Tier;

/**
 * What one word of the table says of a block: who holds it, and when that was last of interest.
 *
 * <pre>
 *   bits  0-47   up to three lanes of 16 bits, each one holder: 12 bits of slot, 3 bits of tiers
 *   bit  48      set when there are more holders than lanes: bits 0-47 then tell where their set is
 *   bits 49-63   stamp: a tick of the index's clock, wrapping around
 * </pre>
 *
 * A lane without tiers is empty, and a word without holders is no holding: the index forgets it.
 */
final class Holding {

  static final int LANE_BITS = 16;
  static final int INLINE_LANES = 3;
  static final int TIER_BITS = Tier.COUNT;
  static final int MAX_SLOTS = 1 << 12;

  private static final long LANE = (1L << LANE_BITS) - 1;
  private static final long TIERS = (1L << TIER_BITS) - 1;
  private static final long HOLDERS = (1L << (INLINE_LANES * LANE_BITS)) - 1;
  private static final long SPILLED = 1L << (INLINE_LANES * LANE_BITS);
  private static final int STAMP_AT = 49;
  private static final int STAMPS = 1 << (Long.SIZE - STAMP_AT);

  private Holding() {}

  /** The lane of a holder in some tiers. */
  static long lane(int slot, long tiers) {
    return ((long) slot << TIER_BITS) | tiers;
  }

  /** One of the 16-bit lanes of any word. */
  static long laneAt(long word, int lane) {
    return (word >>> (lane * LANE_BITS)) & LANE;
  }

  /** In range whatever the lane is: a reader may meet memory that is something else by now. */
  static int slot(long lane) {
    return (int) (lane >>> TIER_BITS) & (MAX_SLOTS - 1);
  }

  static long tiers(long lane) {
    return lane & TIERS;
  }

  static boolean isSpilled(long holding) {
    return (holding & SPILLED) != 0;
  }

  /** Everything but the stamp. */
  static long holders(long holding) {
    return holding & (HOLDERS | SPILLED);
  }

  /** The number of the set in which the holders of a spilled holding are. */
  static long set(long holding) {
    return holding & HOLDERS;
  }

  static long spilled(long set) {
    return set | SPILLED;
  }

  static long stamped(long holders, int tick) {
    return holders | ((long) (tick & (STAMPS - 1)) << STAMP_AT);
  }

  /** The stamp alone, where it stands. */
  static long stamp(long holding) {
    return holding & -(1L << STAMP_AT);
  }

  /** Ticks since the stamp, right unless more than 32767 have gone. */
  static int age(long holding, int tick) {
    return (tick - (int) (holding >>> STAMP_AT)) & (STAMPS - 1);
  }
}
