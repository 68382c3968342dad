package io.sampo.engines.spi;

import org.jspecify.annotations.Nullable;

/** A failure of an engine, with the kind that decides what happens next. */
public final class EngineException extends RuntimeException {

  /** What went wrong, as far as a caller can act on it. */
  public enum Kind {
    /**
     * The model file breaks a rule; the message names it. Another attempt gives the same answer.
     */
    MODEL_REJECTED,
    /** The request breaks a rule; the message names it. */
    INVALID_REQUEST,
    /** As many sequences run as can; try another replica or later. */
    FULL,
    /** There is not enough memory for the model or the step. */
    OUT_OF_MEMORY,
    /** The engine was closed. */
    CLOSED,
    /** The native library or this code is broken; the engine must be loaded again. */
    INTERNAL
  }

  private final Kind kind;

  public EngineException(Kind kind, String message) {
    this(kind, message, null);
  }

  public EngineException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
