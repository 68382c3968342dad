package io.sampo.cluster.gateway;

import io.sampo.cluster.gateway.answer.Embeddings;
import io.sampo.cluster.gateway.decode.EmbeddingDecoder;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.RequestBody;
import io.sampo.cluster.gateway.json.StrictJson;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

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
    return body.json(exchange.request())
        .thenCompose(
            bytes ->
                embeddings.run(
                    exchange, decoder.embeddings(StrictJson.object(bytes), exchange::header)));
  }

  CompletionStage<HttpResponse> rank(Exchange exchange) {
    return body.json(exchange.request())
        .thenCompose(
            bytes ->
                embeddings.run(
                    exchange, decoder.ranking(StrictJson.object(bytes), exchange::header)));
  }
}
