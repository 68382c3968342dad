package io.sampo.cluster.gateway;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.Refusal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** What stands behind the checks of the {@link Dispatcher}. */
interface Routes {

  /**
   * Answers a request whose key was checked.
   *
   * @throws Refusal when there is nothing at this path
   */
  CompletionStage<HttpResponse> route(Exchange exchange, String path);

  /** Of a node that runs models and answers nobody but those who ask how it is. */
  static CompletionStage<HttpResponse> none(Exchange exchange, String path) {
    return CompletableFuture.failedStage(
        new Refusal(
            new Failure(
                ErrorCode.NOT_FOUND,
                "This node runs models for its cluster and takes no requests; ask a gateway.",
                null,
                0)));
  }

  static CompletionStage<HttpResponse> get(Exchange exchange, HttpResponse answer) {
    checkMethod(exchange, "GET");
    return CompletableFuture.completedStage(answer);
  }

  static CompletionStage<HttpResponse> post(
      Exchange exchange, Function<Exchange, CompletionStage<HttpResponse>> route) {
    checkMethod(exchange, "POST");
    return route.apply(exchange);
  }

  private static void checkMethod(Exchange exchange, String allowed) {
    if (!exchange.request().method().name().equals(allowed)) {
      exchange.answerHeader("allow", allowed);
      throw new Refusal(
          new Failure(
              ErrorCode.METHOD_NOT_ALLOWED, "This path answers " + allowed + " only.", null, 0));
    }
  }
}
