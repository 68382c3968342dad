package io.sampo.actors.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An expected refusal, as a value.
 *
 * @param message one sentence for the caller, without class names, paths or addresses
 * @param param the request's field that is at fault, or null
 * @param retryAfterSeconds when to try again; 0 where trying again is no use
 */
public record Failure(
    ErrorCode code, String message, @Nullable String param, int retryAfterSeconds) {

  /** This failure with another field at fault. */
  public Failure about(String culprit) {
    return new Failure(code, message, culprit, retryAfterSeconds);
  }

  public static Failure invalidValue(String param, String rule) {
    return new Failure(
        ErrorCode.INVALID_VALUE, "Invalid value for '" + param + "': " + rule + ".", param, 0);
  }

  public static Failure unsupported(String param) {
    return new Failure(
        ErrorCode.UNSUPPORTED_PARAMETER,
        "Parameter '" + param + "' is not supported by this server.",
        param,
        0);
  }

  /**
   * A gap for a model that cannot fill one.
   *
   * @param missing the kinds of token it lacks
   */
  public static Failure cannotFillIn(String param, String model, List<String> missing) {
    return new Failure(
        ErrorCode.UNSUPPORTED_PARAMETER,
        "The model '"
            + model
            + "' cannot fill a gap: its vocabulary has no token for the "
            + String.join(", the ", missing)
            + ". Choose a model that was trained for it.",
        param,
        0);
  }

  /**
   * A grammar, or a schema or tools that would become one, beyond what native code is given.
   *
   * @param param the field that brought it
   */
  public static Failure grammarTooComplex(String param, String limit) {
    return new Failure(
        ErrorCode.GRAMMAR_TOO_COMPLEX, "The grammar exceeds the limit '" + limit + "'.", param, 0);
  }

  public static Failure templateLimitExceeded(String limit) {
    return new Failure(
        ErrorCode.TEMPLATE_LIMIT_EXCEEDED,
        "The template exceeds the limit '" + limit + "'.",
        "messages",
        0);
  }

  public static Failure modelNotFound(String model) {
    return new Failure(
        ErrorCode.MODEL_NOT_FOUND,
        "The model '" + model + "' does not exist or is not loaded for this key.",
        "model",
        0);
  }

  /**
   * An adapter that is not loaded.
   *
   * @param param the field that named it
   */
  public static Failure adapterNotFound(String param, String adapter) {
    return new Failure(
        ErrorCode.MODEL_NOT_FOUND, "The adapter '" + adapter + "' is not loaded.", param, 0);
  }

  public static Failure emptyPrompt(String param) {
    return new Failure(ErrorCode.EMPTY_PROMPT, "The prompt in '" + param + "' is empty.", param, 0);
  }

  public static Failure invalidTokenId(String param, long token, int vocabularySize) {
    return new Failure(
        ErrorCode.INVALID_TOKEN_ID,
        "Token id "
            + token
            + " in '"
            + param
            + "' is outside the vocabulary of "
            + vocabularySize
            + " tokens.",
        param,
        0);
  }

  public static Failure contextLengthExceeded(int contextTokens, int neededTokens) {
    return new Failure(
        ErrorCode.CONTEXT_LENGTH_EXCEEDED,
        "This model's maximum context is "
            + contextTokens
            + " tokens; the request needs "
            + neededTokens
            + ".",
        "messages",
        0);
  }

  /** OVERLOADED, DRAINING or NO_CAPACITY. */
  public static Failure unavailable(ErrorCode code, int retryAfterSeconds) {
    return new Failure(
        code,
        "The server cannot take this request now; retry in " + retryAfterSeconds + " s.",
        null,
        retryAfterSeconds);
  }

  /**
   * A passed deadline.
   *
   * @param stage {@code queue}, {@code prefill} or {@code decode}
   */
  public static Failure deadlineExceeded(long deadlineMillis, String stage) {
    return new Failure(
        ErrorCode.DEADLINE_EXCEEDED,
        "Deadline of " + deadlineMillis + " ms passed in stage '" + stage + "'.",
        null,
        0);
  }

  public static Failure readerStalled() {
    return new Failure(ErrorCode.READER_STALLED, "The client stopped reading its stream.", null, 0);
  }

  /** A stream that a client came back to. */
  public static Failure notResumable(String stream) {
    return new Failure(
        ErrorCode.NOT_RESUMABLE, "Stream '" + stream + "' cannot be resumed.", null, 0);
  }

  public static Failure quarantined() {
    return new Failure(
        ErrorCode.REQUEST_QUARANTINED,
        "This request ended the engines that ran it and is not run again for a while; change it.",
        null,
        0);
  }

  public static Failure internal(String requestId) {
    return new Failure(
        ErrorCode.INTERNAL_ERROR, "Internal error. Quote request id " + requestId + ".", null, 0);
  }
}
