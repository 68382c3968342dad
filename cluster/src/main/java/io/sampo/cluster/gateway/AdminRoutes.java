package io.sampo.cluster.gateway;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.RequestBody;
import io.sampo.cluster.gateway.http.Scope;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.ops.admin.AdminApi;
import io.sampo.ops.admin.AdminApi.Audit;
import io.sampo.ops.metrics.MetricsPage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.util.ByteString;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * What operators reach over HTTP: {@code /metrics}, and the {@link AdminApi} below {@code /admin}.
 * A look is a GET with its choices in the query, a change a POST with a JSON object.
 */
public final class AdminRoutes {

  private static final int DEFAULT_TIMEOUT_MILLIS = 5000;
  private static final int DEFAULT_MOST = 100;

  /** Tells whoever hears it that their key is an operator's. */
  private static final HttpResponse MAY_CHANGE = HttpResponse.create().withStatus(204);

  private static final Executor THREADS = task -> Thread.ofVirtual().name("admin").start(task);

  private final JsonMapper json =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();
  private final AdminApi api;
  private final MetricsPage metrics;
  private final RequestBody body;

  /**
   * @param body takes in what a change says
   */
  public AdminRoutes(AdminApi api, MetricsPage metrics, RequestBody body) {
    this.api = api;
    this.metrics = metrics;
    this.body = body;
  }

  List<Route> routes() {
    return List.of(
        new Route("GET", "/metrics", Scope.READ, (_, _) -> metrics()),
        Route.get("/admin/may-change", Scope.ADMIN, _ -> MAY_CHANGE),
        look("nodes", with -> api.nodes(with.timeout())),
        look("replicas", with -> api.replicas(with.timeout())),
        look("models", with -> api.models(with.timeout())),
        look("requests", with -> api.requests(with.most(), with.timeout())),
        look("queue", with -> api.queues(with.timeout())),
        look("sessions", with -> api.sessions(with.most(), with.timeout())),
        look("desired", with -> api.desired(with.timeout())),
        look("operations", with -> api.operations(with.timeout())),
        look("kv", with -> api.kv(with.timeout())),
        look("events", with -> api.events(with.node(), with.after(), with.most(), with.timeout())),
        look("settings", with -> api.settings(with.node(), with.timeout())),
        look("log-levels", with -> api.logLevels(with.node(), with.timeout())),
        look("threads", with -> api.threads(with.node(), with.most(), with.timeout())),
        change(
            "requests/cancel",
            order -> api.cancel(order.text("id"), order.audit(), order.timeout())),
        change(
            "sessions/move",
            order ->
                api.moveSession(
                    order.text("session"),
                    order.text("replica"),
                    order.dryRun(),
                    order.audit(),
                    order.timeout())),
        change(
            "sessions/evict",
            order ->
                api.moveSession(
                    order.text("session"), "", order.dryRun(), order.audit(), order.timeout())),
        change(
            "drain",
            order ->
                api.drain(
                    order.text("kind"),
                    order.text("name"),
                    order.graceSeconds(),
                    order.dryRun(),
                    order.audit(),
                    order.timeout())),
        change(
            "undrain",
            order ->
                api.undrain(
                    order.text("kind"),
                    order.text("name"),
                    order.dryRun(),
                    order.audit(),
                    order.timeout())),
        change(
            "scale",
            order ->
                api.scale(
                    order.text("model"),
                    order.replicas(-1),
                    order.dryRun(),
                    order.audit(),
                    order.timeout())),
        change(
            "load",
            order ->
                api.load(
                    order.text("model"),
                    order.text("source"),
                    order.replicas(1),
                    order.dryRun(),
                    order.audit(),
                    order.timeout())),
        change(
            "unload",
            order ->
                api.unload(order.text("model"), order.dryRun(), order.audit(), order.timeout())),
        change(
            "kv/evict",
            order ->
                api.evictKv(order.text("node"), order.dryRun(), order.audit(), order.timeout())),
        change(
            "log-levels",
            order ->
                api.setLogLevel(
                    order.text("node"),
                    order.text("logger"),
                    order.text("level"),
                    order.seconds(),
                    order.audit(),
                    order.timeout())));
  }

  private CompletionStage<HttpResponse> metrics() {
    return CompletableFuture.supplyAsync(
        () ->
            HttpResponse.create()
                .withEntity(
                    ContentTypes.parse(MetricsPage.CONTENT_TYPE),
                    ByteString.fromString(metrics.text(), StandardCharsets.UTF_8)),
        THREADS);
  }

  private Route look(String what, Function<Query, Object> answer) {
    return new Route(
        "GET",
        "/admin/" + what,
        Scope.READ,
        (exchange, _) -> told(() -> answer.apply(new Query(exchange))));
  }

  private Route change(String what, Function<Order, Object> answer) {
    return Route.post(
        "/admin/" + what,
        Scope.ADMIN,
        exchange ->
            body.json(exchange.request())
                .thenCompose(
                    fields -> told(() -> answer.apply(new Order(new Fields(fields), exchange)))));
  }

  private CompletionStage<HttpResponse> told(Supplier<Object> answer) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return Exchange.json(json.writeValueAsBytes(answer.get()));
          } catch (IllegalArgumentException refused) {
            throw new Refusal(
                new Failure(
                    ErrorCode.INVALID_VALUE, String.valueOf(refused.getMessage()), null, 0));
          }
        },
        THREADS);
  }

  /** What a look asks for, in its query. */
  private record Query(Exchange exchange) {

    String node() {
      return text("node", "");
    }

    int most() {
      return (int) number("most", DEFAULT_MOST);
    }

    long after() {
      return number("after", 0);
    }

    int timeout() {
      return (int) number("timeout_millis", DEFAULT_TIMEOUT_MILLIS);
    }

    private String text(String name, String absent) {
      return exchange.request().getUri().query().get(name).orElse(absent);
    }

    private long number(String name, long absent) {
      String text = text(name, "" + absent);
      if (!text.matches("\\d{1,9}")) {
        throw new IllegalArgumentException("'" + name + "' is a number");
      }
      return Long.parseLong(text);
    }
  }

  /** What a change is to be. */
  private record Order(Fields fields, Exchange exchange) {

    String text(String name) {
      String text = fields.text(name);
      return text == null ? "" : text;
    }

    boolean dryRun() {
      return fields.flag("dry_run", false);
    }

    long seconds() {
      return fields.integer("seconds", 0, Integer.MAX_VALUE, 0);
    }

    int replicas(int absent) {
      return (int) fields.integer("replicas", 0, Integer.MAX_VALUE, absent);
    }

    /** -1 for the usual time. */
    long graceSeconds() {
      return fields.integer("grace_seconds", 0, Integer.MAX_VALUE, -1);
    }

    int timeout() {
      return (int) fields.integer("timeout_millis", 0, Integer.MAX_VALUE, DEFAULT_TIMEOUT_MILLIS);
    }

    /** The key's owner is who it is, whatever the body says. */
    Audit audit() {
      return new Audit(exchange.tenant(), text("why"));
    }
  }
}
