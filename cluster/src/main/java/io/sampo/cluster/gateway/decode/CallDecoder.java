package io.sampo.cluster.gateway.decode;

import io.sampo.actors.generation.GenerationRequest;
import io.sampo.actors.generation.GenerationRequest.Constraint;
import io.sampo.actors.generation.GenerationRequest.Constraint.Form;
import io.sampo.actors.generation.GenerationRequest.Gap;
import io.sampo.actors.generation.GenerationRequest.Prompt;
import io.sampo.actors.generation.GenerationRequest.Tools;
import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.RequestId;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.cluster.gateway.constraint.ConstraintFields;
import io.sampo.cluster.gateway.constraint.TemplateArguments;
import io.sampo.cluster.gateway.constraint.ToolFields;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.cluster.gateway.json.UnknownFields;
import io.sampo.engines.spi.ChatRequest.ToolChoice;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.Sampling;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Decodes the bodies of {@code /v1/chat/completions} and {@code /v1/completions}. */
public final class CallDecoder {

  private static final int MAX_CHOICES = 8;
  private static final int BATCH_PRIORITY = 10;
  private static final int LOADING_RETRY_SECONDS = 1;
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
    TaskCheck.require(model, ModelTask.GENERATE);
    UnsupportedFields.check(fields);
    UnsupportedFields.checkCompletionOnly(fields);
    int maxTokens = maxTokens(fields, "max_tokens", Integer.MAX_VALUE);
    Tools tools = ToolFields.decode(fields);
    Constraint constraint = ConstraintFields.decode(fields);
    return call(
        fields,
        model,
        List.of(
            new GenerationRequest.Messages(
                Messages.decode(fields),
                tools,
                splitReasoning(fields),
                TemplateArguments.decode(fields))),
        besideTools(constraint, tools),
        false,
        chatLogprobs(fields),
        maxTokens(fields, "max_completion_tokens", maxTokens),
        id,
        header);
  }

  /** The same for the older API. */
  public Call completion(ObjectNode body, RequestId id, Function<String, Optional<String>> header) {
    Fields fields = new Fields(body);
    ServedModel model = model(fields);
    TaskCheck.require(model, ModelTask.GENERATE);
    UnsupportedFields.check(fields);
    UnsupportedFields.checkTools(fields);
    checkBestOf(fields);
    int topLogprobs = (int) fields.integer("logprobs", 0, SamplingFields.MAX_TOP_LOGPROBS, -1);
    boolean echo = fields.flag("echo", false);
    List<Prompt> prompts =
        GapFields.withSuffix(fields, PromptFields.decode(fields, model.text().vocabularySize()));
    if (echo && topLogprobs >= 0 && prompts.getFirst() instanceof Gap) {
      throw fields.refuse("echo", "cannot stand beside both 'logprobs' and 'suffix'");
    }
    return call(
        fields,
        model,
        prompts,
        ConstraintFields.decode(fields),
        echo,
        topLogprobs,
        (int)
            fields.integer(
                "max_tokens", echo ? 0 : 1, Integer.MAX_VALUE, defaults.completionMaxTokens()),
        id,
        header);
  }

  /** A gap to be filled, in llama-server's words. */
  public Call infill(ObjectNode body, RequestId id, Function<String, Optional<String>> header) {
    Fields fields = new Fields(body);
    ServedModel model = model(fields);
    TaskCheck.require(model, ModelTask.GENERATE);
    UnsupportedFields.check(fields);
    UnsupportedFields.checkTools(fields);
    UnsupportedFields.checkCompletionOnly(fields);
    UnsupportedFields.checkProbabilities(fields);
    fields.integer("n", 1, 1, 1);
    long maxTokens = fields.integer("n_predict", -1, Integer.MAX_VALUE, -1);
    if (maxTokens == 0) {
      throw fields.refuse("n_predict", "must be at least 1, or -1 for the context's end");
    }
    return call(
        fields,
        model,
        List.of(GapFields.decode(fields)),
        ConstraintFields.decode(fields),
        false,
        -1,
        maxTokens < 0 ? Integer.MAX_VALUE : (int) maxTokens,
        id,
        header);
  }

  /** Of several answers all are given, so there is none to choose the best of. */
  private static void checkBestOf(Fields fields) {
    int choices = choices(fields);
    long bestOf = fields.integer("best_of", 1, MAX_CHOICES, choices);
    if (bestOf < choices) {
      throw fields.refuse("best_of", "must not be below 'n'");
    }
    if (bestOf > choices) {
      throw new Refusal(Failure.unsupported("best_of"));
    }
  }

  private Call call(
      Fields fields,
      ServedModel model,
      List<Prompt> prompts,
      @Nullable Constraint constraint,
      boolean echo,
      int topLogprobs,
      int maxTokens,
      RequestId id,
      Function<String, Optional<String>> header) {
    String name = fields.text("model");
    Sampling sampling =
        SamplingFields.decode(
            fields, defaults.sampling(), topLogprobs, model.text().vocabularySize());
    ServiceClass service = ServiceFields.decode(fields, header);
    GenerationRequest request =
        new GenerationRequest(
            id,
            model.id(),
            AdapterField.decode(fields, model, models),
            session(fields, header),
            prompts,
            constraint,
            choices(fields),
            echo,
            sampling,
            maxTokens,
            StopFields.decode(fields),
            fields.flag("include_stop_str_in_output", false),
            priority(fields, service),
            service,
            CacheFields.decode(fields, header),
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
  void checkIgnored(Fields fields) {
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

  static int priority(Fields fields, ServiceClass service) {
    int absent = service == ServiceClass.BATCH ? BATCH_PRIORITY : Priority.NORMAL;
    return (int) fields.integer("priority", Priority.FIRST, Priority.LAST, absent);
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

  /** From now to the end of the answer, as a client asks for it. */
  Duration timeout(Function<String, Optional<String>> header) {
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
