package io.sampo.cluster.gateway;

import io.sampo.cluster.gateway.answer.Embeddings;
import io.sampo.cluster.gateway.decode.EmbeddingDecoder;
import io.sampo.cluster.gateway.decode.EmbeddingOrder;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.RequestBody;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/embeddings} and {@code POST /v1/rerank}. */
final class EmbeddingRoutes {

  private final RequestBody body;
  private final EmbeddingDecoder decoder;
  private final Embeddings embeddings;

  EmbeddingRoutes(RequestBody body, EmbeddingDecoder decoder, Embeddings embeddings) {
    this.body = body;
    this.decoder = decoder;
    this.embeddings = embeddings;
  }

  CompletionStage<HttpResponse> embed(Exchange exchange) {
    return answer(exchange, decoder::embeddings);
  }

  CompletionStage<HttpResponse> rank(Exchange exchange) {
    return answer(exchange, decoder::ranking);
  }

  private CompletionStage<HttpResponse> answer(
      Exchange exchange,
      BiFunction<ObjectNode, Function<String, Optional<String>>, EmbeddingOrder> decode) {
    return body.json(exchange.request())
        .thenCompose(json -> embeddings.run(exchange, decode.apply(json, exchange::header)));
  }
}
