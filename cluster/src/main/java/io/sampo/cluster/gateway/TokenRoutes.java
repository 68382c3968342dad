package io.sampo.cluster.gateway;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.decode.CallDecoder;
import io.sampo.cluster.gateway.decode.PromptFields;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.RequestBody;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.engines.spi.TextCodec;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/**
 * {@code POST /tokenize} and {@code POST /detokenize} as llama-server has them. A long text takes a
 * tokenizer long, so the work is done apart and only so much of it at a time.
 */
final class TokenRoutes {

  private final RequestBody body;
  private final CallDecoder decoder;
  private final Executor executor;
  private final Semaphore permits;

  /**
   * @param executor for work that takes long
   * @param atOnce how many texts are worked on at a time; more are refused
   */
  TokenRoutes(RequestBody body, CallDecoder decoder, Executor executor, int atOnce) {
    this.body = body;
    this.decoder = decoder;
    this.executor = executor;
    this.permits = new Semaphore(atOnce);
  }

  CompletionStage<HttpResponse> tokenize(Exchange exchange) {
    return apart(exchange, TokenRoutes::tokenize);
  }

  CompletionStage<HttpResponse> detokenize(Exchange exchange) {
    return apart(exchange, TokenRoutes::detokenize);
  }

  private record Work(Fields fields, TextCodec text) {}

  private CompletionStage<HttpResponse> apart(
      Exchange exchange, Function<Work, HttpResponse> work) {
    return body.json(exchange.request())
        .thenCompose(
            json -> {
              Fields fields = new Fields(json);
              TextCodec text = decoder.model(fields).text();
              if (!permits.tryAcquire()) {
                throw new Refusal(Failure.unavailable(ErrorCode.OVERLOADED, 1));
              }
              return CompletableFuture.supplyAsync(
                      () -> work.apply(new Work(fields, text)), executor)
                  .whenComplete((_, _) -> permits.release());
            });
  }

  private static HttpResponse tokenize(Work work) {
    String name = work.fields.has("content") ? "content" : "prompt";
    String text = work.fields.text(name);
    if (text == null) {
      throw work.fields.refuse("content", "must be a string");
    }
    int[] tokens =
        work.text.tokenize(
            text, work.fields.flag("add_special", false), work.fields.flag("parse_special", true));
    boolean pieces = work.fields.flag("with_pieces", false);
    JsonBytes json = new JsonBytes(256).raw("{\"tokens\":[");
    for (int i = 0; i < tokens.length; i++) {
      json.raw(i == 0 ? "" : ",");
      if (pieces) {
        json.raw("{").name("id").number(tokens[i]).raw(",").name("piece");
        writePiece(json, work.text.piece(tokens[i], true));
        json.raw("}");
      } else {
        json.number(tokens[i]);
      }
    }
    return Exchange.json(json.raw("]}").toArray());
  }

  /** Text where the bytes are whole characters, else the bytes as numbers. */
  private static void writePiece(JsonBytes json, byte[] piece) {
    try {
      json.string(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(piece)).toString());
    } catch (CharacterCodingException _) {
      json.raw("[");
      for (int i = 0; i < piece.length; i++) {
        json.raw(i == 0 ? "" : ",").number(Byte.toUnsignedInt(piece[i]));
      }
      json.raw("]");
    }
  }

  private static HttpResponse detokenize(Work work) {
    JsonNode value = work.fields.value("tokens");
    if (!(value instanceof ArrayNode array)) {
      throw work.fields.refuse("tokens", "must be an array of token ids");
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if (!array.isEmpty()) {
      for (int id : PromptFields.tokens(array, "tokens", work.text.vocabularySize())) {
        bytes.writeBytes(work.text.piece(id, true));
      }
    }
    String text = bytes.toString(StandardCharsets.UTF_8);
    return Exchange.json(
        new JsonBytes(256).raw("{").name("content").string(text).raw("}").toArray());
  }
}
