package io.sampo.cluster.gateway;

import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.Scope;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * One thing that a listener answers.
 *
 * @param path what it answers at; one that ends in <code>/{name}</code> takes any name there
 * @param scope what a key must allow
 */
record Route(String method, String path, Scope scope, Handler handler) {

  private static final String NAME = "{name}";

  /** Answers a request whose key was checked. */
  interface Handler {

    /**
     * Answers it.
     *
     * @param name what stands at the path's end, decoded; empty where the path is fixed
     */
    CompletionStage<HttpResponse> answer(Exchange exchange, String name);
  }

  static Route get(String path, Scope scope, Function<Exchange, HttpResponse> handler) {
    return new Route(
        "GET",
        path,
        scope,
        (exchange, _) -> CompletableFuture.completedStage(handler.apply(exchange)));
  }

  static Route post(
      String path, Scope scope, Function<Exchange, CompletionStage<HttpResponse>> handler) {
    return new Route("POST", path, scope, (exchange, _) -> handler.apply(exchange));
  }

  boolean takesName() {
    return path.endsWith("/" + NAME);
  }

  /** All of its path but the name, or its path. */
  String fixedPath() {
    return takesName() ? path.substring(0, path.length() - NAME.length()) : path;
  }

  /** A HEAD is a GET whose body Pekko leaves out. */
  boolean answers(String asked) {
    return method.equals(asked);
  }
}
