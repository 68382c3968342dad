package io.sampo.kvcache.block;

/** A number format of cached keys or values. */
public enum KvFormat {
  /** IEEE half precision. */
  F16(1, 1, 2),
  /** Groups of 32 numbers of four bits with one scale, as ggml lays them out. */
  Q4_0(2, 32, 18),
  /** Groups of 32 numbers of eight bits with one scale, as ggml lays them out. */
  Q8_0(8, 32, 34);

  private final int code;
  private final int groupElements;
  private final int groupBytes;

  KvFormat(int code, int groupElements, int groupBytes) {
    this.code = code;
    this.groupElements = groupElements;
    this.groupBytes = groupBytes;
  }

  /** Its number in a block's header; ggml's number for the same format. */
  public int code() {
    return code;
  }

  /**
   * The format with this number.
   *
   * @throws IllegalArgumentException when there is none
   */
  static KvFormat of(int code) {
    for (KvFormat format : values()) {
      if (format.code == code) {
        return format;
      }
    }
    throw new IllegalArgumentException("no number format of keys and values is " + code);
  }

  /** How many numbers are stored together. */
  public int groupElements() {
    return groupElements;
  }

  /** Bytes of so many numbers; every row is a multiple of it. */
  public int groupBytes() {
    return groupBytes;
  }
}
