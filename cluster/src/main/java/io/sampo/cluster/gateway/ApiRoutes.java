package io.sampo.cluster.gateway;

import io.sampo.cluster.gateway.http.Scope;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The routes that answer for models; all of them may need a key. */
final class ApiRoutes {

  private final ChatRoutes chat;
  private final CompletionRoutes completions;
  private final EmbeddingRoutes embeddings;
  private final ModelRoutes models;
  private final AdapterRoutes adapters;
  private final TokenRoutes tokens;
  private final StatsRoute stats;

  ApiRoutes(
      ChatRoutes chat,
      CompletionRoutes completions,
      EmbeddingRoutes embeddings,
      ModelRoutes models,
      AdapterRoutes adapters,
      TokenRoutes tokens,
      StatsRoute stats) {
    this.chat = chat;
    this.completions = completions;
    this.embeddings = embeddings;
    this.models = models;
    this.adapters = adapters;
    this.tokens = tokens;
    this.stats = stats;
  }

  List<Route> routes() {
    return List.of(
        Route.post("/v1/chat/completions", Scope.INFER, chat::chat),
        Route.post("/v1/completions", Scope.INFER, completions::complete),
        Route.post("/v1/embeddings", Scope.INFER, embeddings::embed),
        Route.post("/v1/rerank", Scope.INFER, embeddings::rank),
        Route.post("/rerank", Scope.INFER, embeddings::rank),
        Route.post("/infill", Scope.INFER, completions::infill),
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
}
