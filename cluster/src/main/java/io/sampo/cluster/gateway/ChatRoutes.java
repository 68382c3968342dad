package io.sampo.cluster.gateway;

import io.sampo.actors.wire.RequestId;
import io.sampo.cluster.gateway.answer.Answers;
import io.sampo.cluster.gateway.answer.Door;
import io.sampo.cluster.gateway.decode.Call;
import io.sampo.cluster.gateway.decode.CallDecoder;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.RequestBody;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST /v1/chat/completions}. */
final class ChatRoutes {

  private static final Logger log = LoggerFactory.getLogger(ChatRoutes.class);

  private final RequestBody body;
  private final CallDecoder decoder;
  private final Answers answers;
  private final Set<String> withoutTemplate = ConcurrentHashMap.newKeySet();

  ChatRoutes(RequestBody body, CallDecoder decoder, Answers answers) {
    this.body = body;
    this.decoder = decoder;
    this.answers = answers;
  }

  CompletionStage<HttpResponse> chat(Exchange exchange) {
    return body.json(exchange.request())
        .thenCompose(
            json -> {
              Call call = decoder.chat(json, new RequestId(exchange.id()), exchange::header);
              tellModel(exchange, call);
              return answers.answer(exchange, Door.CHAT, call, json);
            });
  }

  private void tellModel(Exchange exchange, Call call) {
    if (call.model().simulated()) {
      exchange.answerHeader("x-sampo-simulated", "true");
    }
    if (!call.model().text().hasChatTemplate()) {
      exchange.answerHeader("x-sampo-chat-template", "none");
      if (withoutTemplate.add(call.model().id().name())) {
        log.warn(
            "The model {} has no chat template; the texts of messages are joined as they are.",
            call.model().id());
      }
    }
  }
}
