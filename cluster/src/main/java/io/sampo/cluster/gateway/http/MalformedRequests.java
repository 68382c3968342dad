package io.sampo.cluster.gateway.http;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;

/**
 * Answers what Pekko HTTP cannot read as a request, and so never becomes an {@link Exchange}; the
 * connection ends with the answer. Pekko makes one for each connection, by the name in {@code
 * cluster.gateway.http.parsing.error-handler}.
 */
public final class MalformedRequests extends ParsingErrorHandler {

  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo error, LoggingAdapter log, ServerSettings settings) {
    String id = Exchange.newId();
    HttpResponse answer =
        ErrorMapper.response(failure(status.intValue(), error.summary()))
            .addHeader(RawHeader.create("x-request-id", id));
    AccessLog.malformed(id, answer);
    return answer;
  }

  private static Failure failure(int status, String reason) {
    return switch (status) {
      case 413 -> failed(ErrorCode.REQUEST_TOO_LARGE, "The request body is too large.");
      case 414 -> failed(ErrorCode.URI_TOO_LONG, "The request's address is too long.");
      case 431 -> failed(ErrorCode.HEADERS_TOO_LARGE, "The request's headers are too large.");
      case 501 -> failed(ErrorCode.METHOD_NOT_IMPLEMENTED, "This server knows no such method.");
      case 505 -> failed(ErrorCode.HTTP_VERSION_NOT_SUPPORTED, "This server speaks HTTP/1.1.");
      default -> failed(ErrorCode.MALFORMED_HTTP, "The request is not valid HTTP: " + reason + ".");
    };
  }

  private static Failure failed(ErrorCode code, String message) {
    return new Failure(code, message, null, 0);
  }
}
