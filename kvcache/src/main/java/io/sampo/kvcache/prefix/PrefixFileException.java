package io.sampo.kvcache.prefix;

import java.io.IOException;

/** A file that is no file of prefixes, or not one that is wanted; names the rule it breaks. */
public final class PrefixFileException extends IOException {

  /** Which kind of rule. */
  public enum Rule {
    /** It does not begin as such a file does. */
    MAGIC,
    /** It is of a version that this release does not read. */
    VERSION,
    /** It has fewer or more bytes than it should. */
    SIZE,
    /** Its bytes changed since it was written. */
    DAMAGED,
    /** It exceeds what any file may have. */
    LIMIT,
    /** It was made with another model, or with the same one in another way. */
    MODEL,
    /** Its number formats are others. */
    FORMAT,
    /** Its layers, rows or block size are others. */
    SHAPE,
    /** Its token ids are none of the model's, or do not continue the prefix before. */
    TOKENS
  }

  private static final long serialVersionUID = 1;

  private final Rule rule;

  PrefixFileException(Rule rule, String message) {
    super(message);
    this.rule = rule;
  }

  /** The rule that is broken. */
  public Rule rule() {
    return rule;
  }
}
