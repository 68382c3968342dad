package io.sampo.cluster.gateway.http;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.JsonBytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * Errors as OpenAI's clients expect them: a status, a JSON body, and headers that say whether and
 * when to try again. Those clients retry 408, 409, 429 and 5xx by themselves unless {@code
 * x-should-retry} tells them otherwise.
 */
public final class ErrorMapper {

  private ErrorMapper() {}

  public static HttpResponse response(Failure failure) {
    return HttpResponse.create()
        .withStatus(status(failure.code()))
        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, json(failure)))
        .addHeaders(headers(failure));
  }

  /** The JSON body; the payload of an error event in mid-stream is the same. */
  public static byte[] json(Failure failure) {
    JsonBytes json = new JsonBytes(256);
    json.raw("{").name("error").raw("{");
    json.name("message").string(failure.message());
    json.raw(",").name("type").string(type(failure.code()));
    json.raw(",").name("param");
    if (failure.param() == null) {
      json.raw("null");
    } else {
      json.string(failure.param());
    }
    json.raw(",").name("code").string(code(failure));
    return json.raw("}}").toArray();
  }

  /** The code as clients see it. */
  public static String code(Failure failure) {
    return failure.code().name().toLowerCase(Locale.ROOT);
  }

  private static List<HttpHeader> headers(Failure failure) {
    List<HttpHeader> headers = new ArrayList<>();
    boolean again = failure.retryAfterSeconds() > 0;
    headers.add(RawHeader.create("x-should-retry", Boolean.toString(again)));
    if (again) {
      headers.add(RawHeader.create("retry-after", "" + failure.retryAfterSeconds()));
      headers.add(RawHeader.create("retry-after-ms", failure.retryAfterSeconds() + "000"));
    }
    if (failure.code() == ErrorCode.INVALID_API_KEY) {
      headers.add(RawHeader.create("www-authenticate", "Bearer"));
    }
    return headers;
  }

  private static int status(ErrorCode code) {
    return switch (code) {
      case INVALID_JSON,
          INVALID_VALUE,
          UNSUPPORTED_PARAMETER,
          EMPTY_PROMPT,
          INVALID_TOKEN_ID,
          CONTEXT_LENGTH_EXCEEDED,
          GRAMMAR_TOO_COMPLEX,
          TEMPLATE_LIMIT_EXCEEDED,
          MALFORMED_HTTP,
          WRONG_MODEL_TASK ->
          400;
      case INVALID_API_KEY -> 401;
      case ORIGIN_NOT_ALLOWED, INSUFFICIENT_SCOPE -> 403;
      case MODEL_NOT_FOUND, NOT_FOUND -> 404;
      case METHOD_NOT_ALLOWED -> 405;
      case READER_STALLED -> 408;
      case NOT_RESUMABLE -> 409;
      case REQUEST_TOO_LARGE -> 413;
      case URI_TOO_LONG -> 414;
      case UNSUPPORTED_MEDIA_TYPE -> 415;
      case MISDIRECTED_REQUEST -> 421;
      case REQUEST_QUARANTINED -> 422;
      case HEADERS_TOO_LARGE -> 431;
      case INTERNAL_ERROR -> 500;
      case METHOD_NOT_IMPLEMENTED -> 501;
      case OVERLOADED, NO_CAPACITY, DRAINING, REQUEST_CANCELLED -> 503;
      case DEADLINE_EXCEEDED -> 504;
      case HTTP_VERSION_NOT_SUPPORTED -> 505;
    };
  }

  private static String type(ErrorCode code) {
    return switch (code.kind()) {
      case USER ->
          switch (code) {
            case ORIGIN_NOT_ALLOWED, INSUFFICIENT_SCOPE -> "permission_error";
            case NOT_RESUMABLE -> "conflict_error";
            default -> "invalid_request_error";
          };
      case CAPACITY, INTERNAL -> "server_error";
    };
  }
}
