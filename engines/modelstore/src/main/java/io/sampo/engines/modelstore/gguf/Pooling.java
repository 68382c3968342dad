package io.sampo.engines.modelstore.gguf;

import java.util.Locale;

/** How a model makes one vector of the vectors of an input's tokens. */
public enum Pooling {
  /** It does not: the file names no pooling, as those of models that generate. */
  NONE(0),
  /** Their mean. */
  MEAN(1),
  /** The first token's. */
  CLS(2),
  /** The last token's. */
  LAST(3),
  /** One token's, from which a classification head makes a score. */
  RANK(4);

  private final int number;

  Pooling(int number) {
    this.number = number;
  }

  /** llama.cpp's number for it, which also stands in files. */
  public int number() {
    return number;
  }

  /** The name as operators write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads it from a file's metadata.
   *
   * @throws GgufRejectedException for a number that llama.cpp does not know, at which it would end
   *     the process
   */
  static Pooling of(GgufFile file, String architecture) {
    String key = architecture + ".pooling_type";
    long number = file.keys().contains(key) ? file.integer(key).orElse(Long.MIN_VALUE) : -1;
    for (Pooling pooling : values()) {
      if (pooling.number == number) {
        return pooling;
      }
    }
    if (number == -1) {
      return NONE;
    }
    throw new GgufRejectedException("pooling must be 0 (none) to 4 (rank)", "key " + key);
  }
}
