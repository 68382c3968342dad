package io.sampo.cluster.gateway;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.Refusal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** The routes that answer for models; all of them may need a key. */
final class ApiRoutes implements Routes {

  private static final String MODELS = "/v1/models/";

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

  @Override
  public CompletionStage<HttpResponse> route(Exchange exchange, String path) {
    return switch (path) {
      case "/v1/chat/completions" -> Routes.post(exchange, chat::chat);
      case "/v1/completions" -> Routes.post(exchange, completions::complete);
      case "/v1/embeddings" -> Routes.post(exchange, embeddings::embed);
      case "/v1/rerank", "/rerank" -> Routes.post(exchange, embeddings::rank);
      case "/infill" -> Routes.post(exchange, completions::infill);
      case "/v1/load_lora_adapter" -> Routes.post(exchange, adapters::load);
      case "/v1/unload_lora_adapter" -> Routes.post(exchange, adapters::unload);
      case "/tokenize" -> Routes.post(exchange, tokens::tokenize);
      case "/detokenize" -> Routes.post(exchange, tokens::detokenize);
      case "/v1/models" -> Routes.get(exchange, models.list());
      case "/stats" -> Routes.get(exchange, stats.stats());
      default -> {
        if (path.startsWith(MODELS) && path.length() > MODELS.length()) {
          String name = path.substring(MODELS.length());
          yield Routes.get(exchange, models.one(URLDecoder.decode(name, StandardCharsets.UTF_8)));
        }
        throw new Refusal(
            new Failure(ErrorCode.NOT_FOUND, "There is nothing at this path.", null, 0));
      }
    };
  }
}
