package io.sampo.engines.modelstore;

import java.io.IOException;

/** A model that cannot be had; the message is one line that says what to do where that is known. */
public final class ModelStoreException extends IOException {

  /** Why, as far as a caller can act on it. */
  public enum Kind {
    /** The text names no model. */
    INVALID_MODEL_ID,
    /** There is no such model, file or quantization. */
    NOT_FOUND,
    /** The source wants a token, or the token may not have this model. */
    ACCESS_DENIED,
    /** The source does not answer, or breaks off again and again; what was got is kept. */
    SOURCE_UNREACHABLE,
    /** The source answers something that cannot be right. */
    SOURCE_INVALID,
    /** The bytes are not those the source announced or the store recorded; the file is gone. */
    DIGEST_MISMATCH,
    /** The disk is too full. */
    NO_SPACE,
    /** Another process holds the model for longer than we wait. */
    BUSY
  }

  private final Kind kind;

  public ModelStoreException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public ModelStoreException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
