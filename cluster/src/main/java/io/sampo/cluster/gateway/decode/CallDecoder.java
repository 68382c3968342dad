package io.sampo.cluster.gateway.decode;

import io.sampo.actors.generation.GenerationRequest;
import io.sampo.actors.generation.GenerationRequest.Constraint;
import io.sampo.actors.generation.GenerationRequest.Constraint.Form;
import io.sampo.actors.generation.GenerationRequest.Prompt;
import io.sampo.actors.generation.GenerationRequest.Tools;
import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.RequestId;
import io.sampo.cluster.gateway.constraint.ConstraintFields;
import io.sampo.cluster.gateway.constraint.TemplateArguments;
import io.sampo.cluster.gateway.constraint.ToolFields;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.cluster.gateway.json.UnknownFields;
import io.sampo.engines.spi.ChatRequest.ToolChoice;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.Sampling;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Decodes the bodies of {@code /v1/chat/completions} and {@code /v1/completions}. */
public final class CallDecoder {

  private static final int MAX_CHOICES = 8;
  private static final int LOADING_RETRY_SECONDS = 1;
  private static final int MAX_STOPS = 4;
  private static final int MAX_STOP_BYTES = 1024;
  private static final int MAX_SESSION_CHARS = 256;

  private final ServedModels models;
  private final Defaults defaults;
  private final UnknownFields unknown;

  public CallDecoder(ServedModels models, Defaults defaults, UnknownFields unknown) {
    this.models = models;
    this.defaults = defaults;
    this.unknown = unknown;
  }

  /**
   * Decodes a conversation.
   *
   * @param header the request's headers by lowercase name
   */
  public Call chat(ObjectNode body, RequestId id, Function<String, Optional<String>> header) {
    Fields fields = new Fields(body);
    ServedModel model = model(fields);
    UnsupportedFields.check(fields);
    int maxTokens = maxTokens(fields, "max_tokens", Integer.MAX_VALUE);
    Tools tools = ToolFields.decode(fields);
    Constraint constraint = ConstraintFields.decode(fields);
    return call(
        fields,
        model,
        new GenerationRequest.Messages(
            Messages.decode(fields),
            tools,
            splitReasoning(fields),
            TemplateArguments.decode(fields)),
        besideTools(constraint, tools),
        chatLogprobs(fields),
        maxTokens(fields, "max_completion_tokens", maxTokens),
        id,
        header);
  }

  /** The same for the older API. */
  public Call completion(ObjectNode body, RequestId id, Function<String, Optional<String>> header) {
    Fields fields = new Fields(body);
    ServedModel model = model(fields);
    UnsupportedFields.check(fields);
    UnsupportedFields.checkTools(fields);
    int choices = choices(fields);
    if (fields.integer("best_of", 1, MAX_CHOICES, choices) > choices) {
      throw new Refusal(Failure.unsupported("best_of"));
    }
    return call(
        fields,
        model,
        prompt(fields, model.text().vocabularySize()),
        ConstraintFields.decode(fields),
        (int) fields.integer("logprobs", 0, SamplingFields.MAX_TOP_LOGPROBS, -1),
        maxTokens(fields, "max_tokens", defaults.completionMaxTokens()),
        id,
        header);
  }

  private Call call(
      Fields fields,
      ServedModel model,
      Prompt prompt,
      @Nullable Constraint constraint,
      int topLogprobs,
      int maxTokens,
      RequestId id,
      Function<String, Optional<String>> header) {
    String name = fields.text("model");
    Sampling sampling =
        SamplingFields.decode(
            fields, defaults.sampling(), topLogprobs, model.text().vocabularySize());
    GenerationRequest request =
        new GenerationRequest(
            id,
            model.id(),
            session(fields, header),
            prompt,
            constraint,
            choices(fields),
            sampling,
            maxTokens,
            stops(fields),
            fields.flag("include_stop_str_in_output", false),
            priority(fields),
            timeout(header));
    boolean stream = fields.flag("stream", false);
    Fields options = fields.object("stream_options");
    boolean includeUsage = options != null && options.flag("include_usage", false);
    checkIgnored(fields);
    return new Call(request, model, name == null ? model.id().name() : name, stream, includeUsage);
  }

  /** Where a call is required the tools' own schemas hold; a grammar leaves no room for calls. */
  private static @Nullable Constraint besideTools(
      @Nullable Constraint constraint, @Nullable Tools tools) {
    if (constraint == null || tools == null || tools.choice() == ToolChoice.NONE) {
      return constraint;
    }
    if (constraint.form() == Form.GRAMMAR) {
      throw Refusal.invalidValue("grammar", "cannot stand beside tools that may be called");
    }
    return tools.choice() == ToolChoice.REQUIRED ? null : constraint;
  }

  private static boolean splitReasoning(Fields fields) {
    String format = fields.text("reasoning_format");
    return switch (format == null ? "auto" : format) {
      case "auto", "deepseek" -> true;
      case "none" -> false;
      default -> throw fields.refuse("reasoning_format", "must be auto, deepseek or none");
    };
  }

  /** Fields that have no effect here but still must not hold nonsense. */
  private void checkIgnored(Fields fields) {
    fields.text("user");
    fields.object("metadata");
    unknown.ignore(fields.unasked());
  }

  /** The model a body names; where one only is served it need not be named. */
  public ServedModel model(Fields fields) {
    String name = fields.text("model");
    if (name != null) {
      return models.find(name).orElseThrow(() -> new Refusal(missing(name)));
    }
    List<ServedModel> all = models.all();
    if (all.isEmpty() && models.loading()) {
      throw new Refusal(Failure.unavailable(ErrorCode.NO_CAPACITY, LOADING_RETRY_SECONDS));
    }
    if (all.size() != 1) {
      throw fields.refuse("model", "must name one of the models in /v1/models");
    }
    return all.getFirst();
  }

  private Failure missing(String name) {
    return models.loading()
        ? Failure.unavailable(ErrorCode.NO_CAPACITY, LOADING_RETRY_SECONDS)
        : Failure.modelNotFound(name);
  }

  private static int priority(Fields fields) {
    return (int) fields.integer("priority", Priority.FIRST, Priority.LAST, Priority.NORMAL);
  }

  private static int choices(Fields fields) {
    return (int) fields.integer("n", 1, MAX_CHOICES, 1);
  }

  private static int maxTokens(Fields fields, String name, int absent) {
    return (int) fields.integer(name, 1, Integer.MAX_VALUE, absent);
  }

  private static int chatLogprobs(Fields fields) {
    boolean wanted = fields.flag("logprobs", false);
    int top = (int) fields.integer("top_logprobs", 0, SamplingFields.MAX_TOP_LOGPROBS, 0);
    if (top > 0 && !wanted) {
      throw fields.refuse("top_logprobs", "needs 'logprobs' to be true");
    }
    return wanted ? top : -1;
  }

  private static List<String> stops(Fields fields) {
    JsonNode value = fields.value("stop");
    if (value == null) {
      return List.of();
    }
    List<JsonNode> nodes =
        value instanceof ArrayNode array ? array.valueStream().toList() : List.of(value);
    if (nodes.size() > MAX_STOPS) {
      throw fields.refuse("stop", "must hold at most " + MAX_STOPS + " texts");
    }
    List<String> stops = new ArrayList<>();
    for (JsonNode node : nodes) {
      if (!node.isString() || node.stringValue().isEmpty() || tooLong(node.stringValue())) {
        throw fields.refuse("stop", "each must be a string of 1 to " + MAX_STOP_BYTES + " bytes");
      }
      stops.add(node.stringValue());
    }
    return stops;
  }

  private static boolean tooLong(String stop) {
    return stop.getBytes(StandardCharsets.UTF_8).length > MAX_STOP_BYTES;
  }

  private static Prompt prompt(Fields fields, int vocabularySize) {
    JsonNode value = fields.value("prompt");
    if (value != null && value.isString()) {
      return text(value.stringValue());
    }
    if (!(value instanceof ArrayNode array)) {
      throw fields.refuse("prompt", "must be a string or an array of token ids");
    }
    if (array.isEmpty()) {
      throw new Refusal(Failure.emptyPrompt("prompt"));
    }
    JsonNode first = array.get(0);
    if (!first.isString() && !first.isArray()) {
      return new GenerationRequest.Tokens(tokens(array, "prompt", vocabularySize));
    }
    if (array.size() > 1) {
      throw fields.refuse("prompt", "this version takes one prompt in a request");
    }
    return first.isString()
        ? text(first.stringValue())
        : new GenerationRequest.Tokens(tokens((ArrayNode) first, "prompt", vocabularySize));
  }

  private static Prompt text(String text) {
    if (text.isEmpty()) {
      throw new Refusal(Failure.emptyPrompt("prompt"));
    }
    return new GenerationRequest.Text(text);
  }

  /** Token ids, each inside the vocabulary. */
  public static int[] tokens(ArrayNode array, String param, int vocabularySize) {
    if (array.isEmpty()) {
      throw new Refusal(Failure.emptyPrompt(param));
    }
    int[] ids = new int[array.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = array.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToLong()) {
        throw Refusal.invalidValue(param, "each token id must be an integer");
      }
      if (id.longValue() < 0 || id.longValue() >= vocabularySize) {
        throw new Refusal(Failure.invalidTokenId(param, id.longValue(), vocabularySize));
      }
      ids[i] = id.intValue();
    }
    return ids;
  }

  private static @Nullable String session(
      Fields fields, Function<String, Optional<String>> header) {
    String named = header.apply("x-session-id").orElse(null);
    String inBody = fields.text("session_id");
    String cacheKey = fields.text("prompt_cache_key");
    String session = named != null ? named : inBody != null ? inBody : cacheKey;
    if (session != null && (session.isEmpty() || session.length() > MAX_SESSION_CHARS)) {
      throw Refusal.invalidValue(
          "session_id", "must have 1 to " + MAX_SESSION_CHARS + " characters");
    }
    return session;
  }

  private Duration timeout(Function<String, Optional<String>> header) {
    String millis = header.apply("x-request-timeout-ms").orElse(null);
    if (millis == null) {
      return defaults.timeout();
    }
    long max = defaults.maxTimeout().toMillis();
    try {
      long value = Long.parseLong(millis.strip());
      if (value >= 1 && value <= max) {
        return Duration.ofMillis(value);
      }
    } catch (NumberFormatException _) {
      // Answered like a number out of range.
    }
    throw Refusal.invalidValue("X-Request-Timeout-Ms", "must be an integer from 1 to " + max);
  }
}
