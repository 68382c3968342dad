package io.sampo.cluster.gateway;

import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.http.ApiKeys;
import io.sampo.cluster.gateway.http.ErrorMapper;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.HostPolicy;
import io.sampo.cluster.gateway.http.Scope;
import io.sampo.cluster.gateway.json.Refusal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the route of a request, after the checks that hold for all of them: host, origin, key.
 * Whatever goes wrong behind it becomes an answer here.
 */
final class Dispatcher implements Function<Exchange, CompletionStage<HttpResponse>> {

  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);

  private static final HttpHeader CLOSE = Connection.create("close");

  private final BooleanSupplier draining;
  private final HostPolicy hosts;
  private final ApiKeys keys;
  private final RouteTable routes;

  /**
   * Serves these routes.
   *
   * @param draining whether connections are to end with their answers
   */
  Dispatcher(BooleanSupplier draining, HostPolicy hosts, ApiKeys keys, RouteTable routes) {
    this.draining = draining;
    this.hosts = hosts;
    this.keys = keys;
    this.routes = routes;
  }

  /** Never throws, and its stage never fails. */
  @Override
  public CompletionStage<HttpResponse> apply(Exchange exchange) {
    CompletionStage<HttpResponse> answer;
    try {
      answer = route(exchange);
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedStage(e);
    }
    return answer
        .exceptionally(failure -> refused(exchange, failure))
        .thenApply(exchange::stamp)
        .thenApply(response -> draining.getAsBoolean() ? response.addHeader(CLOSE) : response);
  }

  private CompletionStage<HttpResponse> route(Exchange exchange) {
    hosts.check(exchange.request());
    String path = exchange.request().getUri().path();
    Scope needed = routes.scope(path, exchange.request().method().name());
    exchange.tenant(keys.check(exchange.request(), needed));
    return routes.answer(exchange, path);
  }

  private static HttpResponse refused(Exchange exchange, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof Refusal refusal) {
      return ErrorMapper.response(refusal.failure());
    }
    log.error("Request {} failed", exchange.id(), cause);
    return ErrorMapper.response(Failure.internal(exchange.id()));
  }
}
