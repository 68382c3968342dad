package io.sampo.cluster.gateway;

import io.sampo.actors.wire.RequestId;
import io.sampo.cluster.gateway.answer.Answers;
import io.sampo.cluster.gateway.answer.Door;
import io.sampo.cluster.gateway.decode.Call;
import io.sampo.cluster.gateway.decode.CallDecoder;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.RequestBody;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/completions}, and {@code POST /infill} as llama-server has it. */
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
    return answer(exchange, Door.COMPLETION, decoder::completion);
  }

  CompletionStage<HttpResponse> infill(Exchange exchange) {
    return answer(exchange, Door.INFILL, decoder::infill);
  }

  private interface Decode {
    Call decode(ObjectNode body, RequestId id, Function<String, Optional<String>> header);
  }

  private CompletionStage<HttpResponse> answer(Exchange exchange, Door door, Decode decode) {
    return body.json(exchange.request())
        .thenCompose(
            json -> {
              Call call = decode.decode(json, new RequestId(exchange.id()), exchange::header);
              if (call.model().simulated()) {
                exchange.answerHeader("x-sampo-simulated", "true");
              }
              return answers.answer(exchange, door, call, json);
            });
  }
}
