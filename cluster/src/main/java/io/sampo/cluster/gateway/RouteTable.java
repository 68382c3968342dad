package io.sampo.cluster.gateway;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.Scope;
import io.sampo.cluster.gateway.json.Refusal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * Everything that a listener answers.
 *
 * <p>Invariant: what stands in no table needs a key like the least of what does, so a stranger does
 * not even learn what there is.
 */
final class RouteTable {

  private final List<Route> routes;
  private final Scope least;
  private final String nothing;
  private final Map<String, List<Route>> fixed = new HashMap<>();
  private final List<Route> named = new ArrayList<>();

  /**
   * @param least what a key must allow where there is no route
   * @param nothing what is said there to who has such a key
   */
  RouteTable(List<Route> routes, Scope least, String nothing) {
    this.routes = List.copyOf(routes);
    this.least = least;
    this.nothing = nothing;
    for (Route route : routes) {
      if (route.takesName()) {
        named.add(route);
      } else {
        fixed.computeIfAbsent(route.path(), _ -> new ArrayList<>()).add(route);
      }
    }
  }

  List<Route> routes() {
    return routes;
  }

  /** What a key must allow to ask anything at this path. */
  Scope scope(String path, String method) {
    List<Route> here = at(path);
    return here.stream()
        .filter(route -> route.answers(method))
        .findFirst()
        .or(() -> here.stream().findFirst())
        .map(Route::scope)
        .orElse(least);
  }

  /**
   * Answers a request whose key was checked.
   *
   * @throws Refusal when there is nothing at this path, or not for this method
   */
  CompletionStage<HttpResponse> answer(Exchange exchange, String path) {
    List<Route> here = at(path);
    if (here.isEmpty()) {
      throw new Refusal(new Failure(ErrorCode.NOT_FOUND, nothing, null, 0));
    }
    String method = exchange.request().method().name();
    for (Route route : here) {
      if (route.answers(method)) {
        return route.handler().answer(exchange, name(route, path));
      }
    }
    String allowed = here.stream().map(Route::method).collect(Collectors.joining(", "));
    exchange.answerHeader("allow", allowed);
    throw new Refusal(
        new Failure(
            ErrorCode.METHOD_NOT_ALLOWED, "This path answers " + allowed + " only.", null, 0));
  }

  private List<Route> at(String path) {
    List<Route> exact = fixed.get(path);
    return exact != null
        ? exact
        : named.stream()
            .filter(route -> path.startsWith(route.fixedPath()))
            .filter(route -> path.length() > route.fixedPath().length())
            .toList();
  }

  private static String name(Route route, String path) {
    return route.takesName()
        ? URLDecoder.decode(path.substring(route.fixedPath().length()), StandardCharsets.UTF_8)
        : "";
  }
}
