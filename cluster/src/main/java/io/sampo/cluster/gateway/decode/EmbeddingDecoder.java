package io.sampo.cluster.gateway.decode;

import io.sampo.actors.embedding.EmbeddingCall.Inputs;
import io.sampo.actors.embedding.EmbeddingCall.Pairs;
import io.sampo.actors.embedding.EmbeddingCall.Texts;
import io.sampo.actors.embedding.EmbeddingCall.TokenLists;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.cluster.gateway.decode.EmbeddingOrder.Form;
import io.sampo.cluster.gateway.decode.EmbeddingOrder.Ranking;
import io.sampo.cluster.gateway.decode.EmbeddingOrder.Vectors;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.engines.spi.ModelTask;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Decodes the bodies of {@code /v1/embeddings} and {@code /v1/rerank}. */
public final class EmbeddingDecoder {

  /** OpenAI's bound. */
  private static final int MAX_INPUTS = 2048;

  private static final String INPUT_RULE =
      "must be a string, an array of 1 to "
          + MAX_INPUTS
          + " strings, an array of token ids, or an array of 1 to "
          + MAX_INPUTS
          + " such arrays";

  private static final String DOCUMENT_RULE =
      "must be an array of 1 to " + MAX_INPUTS + " strings, or objects with a string 'text'";

  private final CallDecoder calls;

  public EmbeddingDecoder(CallDecoder calls) {
    this.calls = calls;
  }

  /**
   * Decodes a request for embeddings.
   *
   * @param header the request's headers by lowercase name
   */
  public EmbeddingOrder embeddings(ObjectNode body, Function<String, Optional<String>> header) {
    Fields fields = new Fields(body);
    ServedModel model = calls.model(fields);
    TaskCheck.require(model, ModelTask.EMBED);
    UnsupportedFields.checkEmbeddings(fields);
    checkDimensions(fields, model);
    Inputs inputs = inputs(fields, model.text().vocabularySize());
    return order(fields, model, inputs, new Vectors(base64(fields)), header);
  }

  /** Decodes a query and documents to rank for it, in the form of Jina and Cohere. */
  public EmbeddingOrder ranking(ObjectNode body, Function<String, Optional<String>> header) {
    Fields fields = new Fields(body);
    ServedModel model = calls.model(fields);
    TaskCheck.require(model, ModelTask.RANK);
    UnsupportedFields.checkRanking(fields);
    String query = fields.text("query");
    if (query == null) {
      throw fields.refuse("query", "must be a string");
    } else if (query.isEmpty()) {
      throw new Refusal(Failure.emptyPrompt("query"));
    }
    List<String> documents = documents(fields);
    int top = (int) fields.integer("top_n", 1, Integer.MAX_VALUE, documents.size());
    boolean returned = fields.flag("return_documents", false);
    Ranking form = new Ranking(Math.min(top, documents.size()), returned ? documents : List.of());
    return order(fields, model, new Pairs(query, documents), form, header);
  }

  private EmbeddingOrder order(
      Fields fields,
      ServedModel model,
      Inputs inputs,
      Form form,
      Function<String, Optional<String>> header) {
    String name = fields.text("model");
    int priority = CallDecoder.priority(fields, ServiceClass.INTERACTIVE);
    calls.checkIgnored(fields);
    return new EmbeddingOrder(
        model,
        name == null ? model.id().name() : name,
        inputs,
        priority,
        calls.timeout(header),
        form);
  }

  /** Shorter vectors keep their meaning only where a model was trained for it; no file says so. */
  private static void checkDimensions(Fields fields, ServedModel model) {
    int length = model.vectorLength();
    if (fields.integer("dimensions", 1, Integer.MAX_VALUE, length) != length) {
      throw fields.refuse(
          "dimensions",
          "this model's vectors have "
              + length
              + " numbers, and its file does not say that fewer keep their meaning; leave it out");
    }
  }

  private static boolean base64(Fields fields) {
    String format = fields.text("encoding_format");
    return switch (format == null ? "float" : format) {
      case "float" -> false;
      case "base64" -> true;
      default -> throw fields.refuse("encoding_format", "must be float or base64");
    };
  }

  private static Inputs inputs(Fields fields, int vocabularySize) {
    JsonNode value = fields.value("input");
    if (value != null && value.isString()) {
      return new Texts(List.of(nonEmpty(value.stringValue(), "input")), true);
    }
    if (!(value instanceof ArrayNode array) || array.isEmpty()) {
      throw fields.refuse("input", INPUT_RULE);
    }
    if (array.get(0).isNumber()) {
      return new TokenLists(List.of(PromptFields.tokens(array, "input", vocabularySize)), true);
    }
    if (array.size() > MAX_INPUTS) {
      throw fields.refuse("input", INPUT_RULE);
    }
    return array.get(0).isString()
        ? texts(fields, array)
        : tokenLists(fields, array, vocabularySize);
  }

  private static Texts texts(Fields fields, ArrayNode array) {
    List<String> texts = new ArrayList<>(array.size());
    for (JsonNode text : array) {
      if (!text.isString()) {
        throw fields.refuse("input", INPUT_RULE);
      }
      texts.add(nonEmpty(text.stringValue(), "input[" + texts.size() + "]"));
    }
    return new Texts(texts, false);
  }

  private static TokenLists tokenLists(Fields fields, ArrayNode array, int vocabularySize) {
    List<int[]> lists = new ArrayList<>(array.size());
    for (JsonNode list : array) {
      if (!(list instanceof ArrayNode ids)) {
        throw fields.refuse("input", INPUT_RULE);
      }
      lists.add(PromptFields.tokens(ids, "input[" + lists.size() + "]", vocabularySize));
    }
    return new TokenLists(lists, false);
  }

  private static List<String> documents(Fields fields) {
    JsonNode value = fields.value("documents");
    if (!(value instanceof ArrayNode array) || array.isEmpty() || array.size() > MAX_INPUTS) {
      throw fields.refuse("documents", DOCUMENT_RULE);
    }
    List<String> documents = new ArrayList<>(array.size());
    for (JsonNode document : array) {
      JsonNode text = document instanceof ObjectNode object ? object.get("text") : document;
      documents.add(nonEmpty(string(fields, text), "documents[" + documents.size() + "]"));
    }
    return documents;
  }

  private static String string(Fields fields, @Nullable JsonNode text) {
    if (text == null || !text.isString()) {
      throw fields.refuse("documents", DOCUMENT_RULE);
    }
    return text.stringValue();
  }

  private static String nonEmpty(String text, String param) {
    if (text.isEmpty()) {
      throw new Refusal(Failure.emptyPrompt(param));
    }
    return text;
  }
}
