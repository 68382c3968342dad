package io.sampo.kvcache.event;

/** Where a holder has a block, from fast to slow. */
public enum Tier {
  /** In the memory of an engine, ready to be used. */
  DEVICE,
  /** In the main memory of a node, outside the Java heap. */
  HOST,
  /** In a file of a node. */
  DISK;

  private static final Tier[] ALL = values();

  /** How many there are. */
  public static final int COUNT = ALL.length;

  /** The tier with this ordinal. */
  public static Tier at(int ordinal) {
    return ALL[ordinal];
  }
}
