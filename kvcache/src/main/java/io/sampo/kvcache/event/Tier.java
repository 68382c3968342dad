package io.sampo.kvcache.event;

/** Where a holder has a block, from fast to slow. */
public enum Tier {
  /** In the memory of an engine, ready to be used. */
  DEVICE(0),
  /** In the main memory of a node, outside the Java heap. */
  HOST(1),
  /** In a file of a node. */
  DISK(2);

  private static final Tier[] ALL = values();

  /** How many there are. */
  public static final int COUNT = ALL.length;

  private final int code;

  Tier(int code) {
    this.code = code;
  }

  /** Its number, the same in every release; a slower tier has a higher one. */
  public int code() {
    return code;
  }

  /** The tier with this number. */
  public static Tier at(int code) {
    return ALL[code];
  }
}
