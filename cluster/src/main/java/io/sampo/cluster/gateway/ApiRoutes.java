package io.sampo.cluster.gateway;

import io.sampo.cluster.gateway.answer.Resumption;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** The routes that answer for models; all of them may need a key. */
final class ApiRoutes {

  private final ChatRoutes chat;
  private final CompletionRoutes completions;
  private final EmbeddingRoutes embeddings;
  private final ModelRoutes models;
  private final AdapterRoutes adapters;
  private final TokenRoutes tokens;
  private final StatsRoute stats;
  private final Resumption resumption;

  ApiRoutes(
      ChatRoutes chat,
      CompletionRoutes completions,
      EmbeddingRoutes embeddings,
      ModelRoutes models,
      AdapterRoutes adapters,
      TokenRoutes tokens,
      StatsRoute stats,
      Resumption resumption) {
    this.chat = chat;
    this.completions = completions;
    this.embeddings = embeddings;
    this.models = models;
    this.adapters = adapters;
    this.tokens = tokens;
    this.stats = stats;
    this.resumption = resumption;
  }

  List<Route> routes() {
    List<Route> routes = new ArrayList<>();
    generate(routes, "/v1/chat/completions", chat::chat);
    generate(routes, "/v1/completions", completions::complete);
    generate(routes, "/infill", completions::infill);
    routes.addAll(others());
    return routes;
  }

  private List<Route> others() {
    return List.of(
        Route.post("/v1/embeddings", Scope.INFER, embeddings::embed),
        Route.post("/v1/rerank", Scope.INFER, embeddings::rank),
        Route.post("/rerank", Scope.INFER, embeddings::rank),
        Route.post("/v1/load_lora_adapter", Scope.ADMIN, adapters::load),
        Route.post("/v1/unload_lora_adapter", Scope.ADMIN, adapters::unload),
        Route.post("/tokenize", Scope.INFER, tokens::tokenize),
        Route.post("/detokenize", Scope.INFER, tokens::detokenize),
        Route.get("/v1/models", Scope.INFER, _ -> models.list()),
        new Route(
            "GET",
            "/v1/models/{name}",
            Scope.INFER,
            (_, name) -> CompletableFuture.completedStage(models.one(name))),
        Route.get("/stats", Scope.INFER, _ -> stats.stats()));
  }

  /** Who names the last event it has read goes on from there. */
  private void generate(
      List<Route> routes, String path, Function<Exchange, CompletionStage<HttpResponse>> fresh) {
    routes.add(
        Route.post(
            path,
            Scope.INFER,
            exchange ->
                exchange
                    .header("last-event-id")
                    .map(last -> resumption.resume(exchange, last))
                    .orElseGet(() -> fresh.apply(exchange))));
  }
}
