package io.sampo.cluster.gateway.http;

import io.sampo.cluster.logging.Logging;
import io.sampo.ops.requests.RequestProgress;
import java.util.OptionalLong;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * One record for each request, when it is over: who asked for what, and what came of it. Never a
 * prompt, an answer, a query, or a header other than the request id.
 *
 * <p>The record is {@code answered} when the whole answer was made, {@code unfinished} when the
 * client left or was cut before, and {@code malformed} for what was no request.
 */
final class AccessLog {

  private static final Logger log = LoggerFactory.getLogger(Logging.ACCESS);

  private AccessLog() {}

  /** Records an exchange that is over. */
  static void record(Exchange exchange) {
    HttpResponse sent = exchange.sent();
    Exchange.Outcome outcome = exchange.outcome();
    LoggingEventBuilder line =
        log.atInfo()
            .addKeyValue("client", exchange.client())
            .addKeyValue("method", exchange.request().method().name())
            .addKeyValue("path", exchange.request().getUri().path());
    line = sent == null ? line : withSize(line, sent);
    line = outcome == null ? line : withOutcome(line, outcome);
    boolean streams = sent != null && sent.entity().isChunked();
    boolean whole = !streams || outcome == null || (outcome.told().isDone() && !exchange.left());
    line.addKeyValue("millis", exchange.millis())
        .addKeyValue("request", exchange.id())
        .log(sent != null && whole ? "answered" : "unfinished");
  }

  /** Records what could not be read; it has neither method nor path. */
  static void malformed(String requestId, HttpResponse sent) {
    withSize(log.atInfo(), sent).addKeyValue("request", requestId).log("malformed");
  }

  private static LoggingEventBuilder withSize(LoggingEventBuilder line, HttpResponse sent) {
    OptionalLong bytes = sent.entity().getContentLengthOption();
    LoggingEventBuilder longer = line.addKeyValue("status", sent.status().intValue());
    return bytes.isPresent() ? longer.addKeyValue("bytes", bytes.getAsLong()) : longer;
  }

  private static LoggingEventBuilder withOutcome(
      LoggingEventBuilder line, Exchange.Outcome outcome) {
    RequestProgress progress = outcome.progress();
    LoggingEventBuilder longer =
        line.addKeyValue("tenant", progress.names().tenant()).addKeyValue("model", outcome.model());
    if (!progress.replica().isEmpty()) {
      longer = withFigures(longer, progress);
    }
    if (!progress.finish().isEmpty()) {
      longer = longer.addKeyValue("finish", progress.finish());
    }
    String error = outcome.error();
    if (error != null) {
      return longer.addKeyValue("error", error);
    }
    return outcome.told().isDone() ? longer.addKeyValue("tokens", outcome.tokens()) : longer;
  }

  private static LoggingEventBuilder withFigures(
      LoggingEventBuilder line, RequestProgress progress) {
    LoggingEventBuilder longer =
        line.addKeyValue("replica", progress.replica())
            .addKeyValue("prompt_tokens", progress.promptTokens())
            .addKeyValue("cached_tokens", progress.cachedTokens());
    longer = withMillis(longer, "ttft_millis", progress.timeToFirstTokenMillis());
    return withMillis(longer, "itl_millis", progress.interTokenMillis(System.nanoTime()));
  }

  private static LoggingEventBuilder withMillis(
      LoggingEventBuilder line, String name, double millis) {
    return millis < 0 ? line : line.addKeyValue(name, Math.round(millis * 10) / 10.0);
  }
}
