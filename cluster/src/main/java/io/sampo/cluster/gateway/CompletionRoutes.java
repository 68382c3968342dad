package io.sampo.cluster.gateway;

import io.sampo.actors.wire.RequestId;
import io.sampo.cluster.gateway.answer.Answers;
import io.sampo.cluster.gateway.decode.Call;
import io.sampo.cluster.gateway.decode.CallDecoder;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.RequestBody;
import io.sampo.cluster.gateway.json.StrictJson;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** {@code POST /v1/completions}. */
final class CompletionRoutes {

  private final RequestBody body;
  private final CallDecoder decoder;
  private final Answers answers;

  CompletionRoutes(RequestBody body, CallDecoder decoder, Answers answers) {
    this.body = body;
    this.decoder = decoder;
    this.answers = answers;
  }

  CompletionStage<HttpResponse> complete(Exchange exchange) {
    return body.json(exchange.request())
        .thenCompose(
            bytes -> {
              Call call =
                  decoder.completion(
                      StrictJson.object(bytes), new RequestId(exchange.id()), exchange::header);
              if (call.model().simulated()) {
                exchange.answerHeader("x-sampo-simulated", "true");
              }
              return answers.completion(exchange, call);
            });
  }
}
