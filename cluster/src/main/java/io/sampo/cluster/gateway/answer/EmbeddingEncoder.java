package io.sampo.cluster.gateway.answer;

import io.sampo.actors.embedding.EmbeddingReply.Embedded;
import io.sampo.cluster.gateway.decode.EmbeddingOrder;
import io.sampo.cluster.gateway.decode.EmbeddingOrder.Ranking;
import io.sampo.cluster.gateway.decode.EmbeddingOrder.Vectors;
import io.sampo.cluster.gateway.json.JsonBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Writes vectors as OpenAI does and rankings as Jina and Cohere do. */
final class EmbeddingEncoder {

  private EmbeddingEncoder() {}

  static byte[] encode(EmbeddingOrder order, Embedded embedded) {
    JsonBytes json = new JsonBytes(1024);
    json.raw("{").name("object").string("list").raw(",");
    switch (order.form()) {
      case Vectors form -> writeVectors(json.name("data"), embedded.vectors(), form.base64());
      case Ranking form -> writeRanking(json.name("results"), embedded.vectors(), form);
    }
    json.raw(",").name("model").string(order.modelName());
    json.raw(",").name("usage").raw("{").name("prompt_tokens").number(embedded.tokens());
    json.raw(",").name("total_tokens").number(embedded.tokens());
    return json.raw("}}").toArray();
  }

  private static void writeVectors(JsonBytes json, float[][] vectors, boolean base64) {
    json.raw("[");
    for (int i = 0; i < vectors.length; i++) {
      json.raw(i == 0 ? "{" : ",{").name("object").string("embedding");
      json.raw(",").name("index").number(i).raw(",").name("embedding");
      if (base64) {
        json.raw("\"").raw(base64(vectors[i])).raw("\"}");
      } else {
        writeNumbers(json, vectors[i]);
        json.raw("}");
      }
    }
    json.raw("]");
  }

  private static void writeNumbers(JsonBytes json, float[] vector) {
    json.raw("[");
    for (int i = 0; i < vector.length; i++) {
      json.raw(i == 0 ? "" : ",").raw(Float.toString(vector[i]));
    }
    json.raw("]");
  }

  private static byte[] base64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encode(bytes.array());
  }

  /** Equal scores keep the order of the documents. */
  private static void writeRanking(JsonBytes json, float[][] scores, Ranking form) {
    Comparator<Integer> best = Comparator.comparingDouble(i -> -scores[i][0]);
    List<Integer> order =
        IntStream.range(0, scores.length).boxed().sorted(best).limit(form.top()).toList();
    String comma = "";
    json.raw("[");
    for (int i : order) {
      json.raw(comma).raw("{").name("index").number(i);
      json.raw(",").name("relevance_score").raw(Float.toString(scores[i][0]));
      if (!form.returned().isEmpty()) {
        json.raw(",").name("document").raw("{").name("text").string(form.returned().get(i));
        json.raw("}");
      }
      json.raw("}");
      comma = ",";
    }
    json.raw("]");
  }
}
