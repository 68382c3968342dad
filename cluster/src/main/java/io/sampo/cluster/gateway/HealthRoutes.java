package io.sampo.cluster.gateway;

import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.Scope;
import io.sampo.cluster.gateway.json.JsonBytes;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * {@code GET /health}, {@code /live}, {@code /ready} and {@code /version}. They need no key and
 * touch nothing but published state, so a probe costs nothing and never waits.
 */
final class HealthRoutes {

  private static final int OK = 200;
  private static final int UNAVAILABLE = 503;

  private final NodeHealth health;
  private final BooleanSupplier draining;
  private final String version;

  HealthRoutes(NodeHealth health, BooleanSupplier draining, String version) {
    this.health = health;
    this.draining = draining;
    this.version = version;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/health", Scope.NONE, _ -> ready()),
        Route.get("/ready", Scope.NONE, _ -> ready()),
        Route.get("/live", Scope.NONE, _ -> live()),
        Route.get("/version", Scope.NONE, _ -> version()));
  }

  private HttpResponse live() {
    return health.live() ? status(OK, "ok") : status(UNAVAILABLE, "not live");
  }

  /** Also {@code /health}: both ask whether this node can serve a request now. */
  private HttpResponse ready() {
    Optional<String> notReady = health.notReady();
    if (health.draining() || draining.getAsBoolean()) {
      return status(UNAVAILABLE, "draining");
    }
    return notReady.map(why -> status(UNAVAILABLE, why)).orElseGet(() -> status(OK, "ok"));
  }

  private HttpResponse version() {
    return Exchange.json(
        new JsonBytes(64).raw("{").name("version").string(version).raw("}").toArray());
  }

  private static HttpResponse status(int code, String words) {
    return Exchange.json(new JsonBytes(64).raw("{").name("status").string(words).raw("}").toArray())
        .withStatus(code);
  }
}
