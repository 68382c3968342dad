package io.sampo.kvcache.block;

/** Bytes that are no block, or not one that is wanted; the message names the rule they break. */
public final class KvBlockRejectedException extends RuntimeException {

  /** Which kind of rule. */
  public enum Rule {
    /** There are fewer or more bytes than a block of this layout has. */
    SIZE,
    /** The bytes do not begin as a block does. */
    MAGIC,
    /** The block is of a version that this release does not read. */
    VERSION,
    /** It was computed by another model, or by the same one in another way. */
    MODEL,
    /** Its number formats are others. */
    FORMAT,
    /** Its layers, rows or tokens are others. */
    SHAPE,
    /** Its position is none that a block can have, or it does not join the block before it. */
    POSITION,
    /** Its bytes changed since it was sealed. */
    CHECKSUM
  }

  private static final long serialVersionUID = 1;

  private final Rule rule;

  KvBlockRejectedException(Rule rule, String message) {
    super(message);
    this.rule = rule;
  }

  public Rule rule() {
    return rule;
  }
}
