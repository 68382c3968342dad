package io.sampo.actors.wire;

/**
 * Every way a request can fail, in one list. Only the gateway knows which HTTP status each one
 * becomes.
 */
public enum ErrorCode {
  INVALID_JSON(Kind.USER),
  INVALID_VALUE(Kind.USER),
  UNSUPPORTED_PARAMETER(Kind.USER),
  EMPTY_PROMPT(Kind.USER),
  INVALID_TOKEN_ID(Kind.USER),
  CONTEXT_LENGTH_EXCEEDED(Kind.USER),
  GRAMMAR_TOO_COMPLEX(Kind.USER),
  TEMPLATE_LIMIT_EXCEEDED(Kind.USER),
  MODEL_NOT_FOUND(Kind.USER),
  /** The model is for another kind of work: text, embeddings or ranking. */
  WRONG_MODEL_TASK(Kind.USER),
  NOT_FOUND(Kind.USER),
  METHOD_NOT_ALLOWED(Kind.USER),
  REQUEST_TOO_LARGE(Kind.USER),
  UNSUPPORTED_MEDIA_TYPE(Kind.USER),
  MISDIRECTED_REQUEST(Kind.USER),
  INVALID_API_KEY(Kind.USER),
  /** The key is known and may not do this. */
  INSUFFICIENT_SCOPE(Kind.USER),
  ORIGIN_NOT_ALLOWED(Kind.USER),
  /** What came is no HTTP request. */
  MALFORMED_HTTP(Kind.USER),
  URI_TOO_LONG(Kind.USER),
  HEADERS_TOO_LARGE(Kind.USER),
  METHOD_NOT_IMPLEMENTED(Kind.USER),
  HTTP_VERSION_NOT_SUPPORTED(Kind.USER),
  /** As many requests as this gateway or the model's queue takes are there already. */
  OVERLOADED(Kind.CAPACITY),
  /** No replica of the model runs at the moment. */
  NO_CAPACITY(Kind.CAPACITY),
  /** This node is being stopped. */
  DRAINING(Kind.CAPACITY),
  /** An operator has ended the request. */
  REQUEST_CANCELLED(Kind.CAPACITY),
  DEADLINE_EXCEEDED(Kind.CAPACITY),
  /** The client did not read its stream for too long. */
  READER_STALLED(Kind.USER),
  INTERNAL_ERROR(Kind.INTERNAL),
  /** No gateway knows the stream any more, or not as much of it as its client has read. */
  NOT_RESUMABLE(Kind.USER),
  /** Engines have died of this request. */
  REQUEST_QUARANTINED(Kind.USER);

  /** Whose move is next. */
  public enum Kind {
    /** The caller must send something else. */
    USER,
    /** The same request may work later. */
    CAPACITY,
    /** Ours to mend; the caller quotes the request id. */
    INTERNAL
  }

  private final Kind kind;

  ErrorCode(Kind kind) {
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
