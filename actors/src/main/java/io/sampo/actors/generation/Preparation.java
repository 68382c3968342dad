package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationRequest.Constraint;
import io.sampo.actors.generation.GenerationRequest.Constraint.Form;
import io.sampo.actors.generation.GenerationRequest.Gap;
import io.sampo.actors.generation.GenerationRequest.Messages;
import io.sampo.actors.generation.GenerationRequest.Prompt;
import io.sampo.actors.generation.GenerationRequest.Text;
import io.sampo.actors.generation.GenerationRequest.Tokens;
import io.sampo.actors.generation.GenerationRequest.Tools;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.wire.Failure;
import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.ChatRequest;
import io.sampo.engines.spi.ChatRequest.ToolChoice;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.grammar.GrammarCheck;
import io.sampo.engines.spi.grammar.GrammarProblem;
import io.sampo.kvcache.block.BlockChain;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes a request's prompts token ids, by the model's chat template and tokenizer. It takes long
 * for a long prompt.
 */
final class Preparation {

  /** The longest rendered conversation; the request's own size is bounded at the door. */
  static final int MAX_PROMPT_CHARS = 16 << 20;

  /** What comes of it. */
  sealed interface Result {}

  /** The prompts in the request's order. */
  record Ready(List<PreparedPrompt> prompts, AnswerRules rules) implements Result {}

  record Refused(Failure failure) implements Result {}

  private final GenerationRequest request;
  private final ServedModel model;

  /**
   * As {@link #of(GenerationRequest, ServedModel)}, with a look at what a client brought back of an
   * earlier turn of its stream.
   */
  static Result of(GenerationRequest request, ServedModel model, @Nullable ResumableStream stream) {
    return stream != null && !possible(stream, model.text().vocabularySize(), request.answers())
        ? new Refused(Failure.notResumable(stream.name()))
        : of(request, model);
  }

  private static boolean possible(ResumableStream stream, int vocabularySize, int answers) {
    return stream.begun().size() <= answers
        && stream.begun().stream()
            .flatMapToInt(begun -> Arrays.stream(begun.ids()))
            .allMatch(id -> id >= 0 && id < vocabularySize);
  }

  private Preparation(GenerationRequest request, ServedModel model) {
    this.request = request;
    this.model = model;
  }

  static Result of(GenerationRequest request, ServedModel model) {
    Preparation preparation = new Preparation(request, model);
    try {
      return request.prompts().getFirst() instanceof Messages messages
          ? preparation.render(messages)
          : preparation.tokenize();
    } catch (RefusedException refused) {
      return new Refused(refused.failure);
    } catch (EngineException refused) {
      String reason = String.valueOf(refused.getMessage());
      return new Refused(Failure.invalidValue(preparation.culprit(reason), reason));
    }
  }

  /** Leaves the preparation as soon as a rule is broken. */
  private static final class RefusedException extends RuntimeException {
    private final transient Failure failure;

    RefusedException(Failure failure) {
      super(failure.message(), null, false, false);
      this.failure = failure;
    }
  }

  /** The field that a refusal by the model's text codec is about. */
  private String culprit(String reason) {
    boolean schema = reason.contains("JSON schema");
    Constraint constraint = request.constraint();
    if (schema && constraint != null) {
      return constraint.param();
    }
    if (request.prompts().getFirst() instanceof Messages messages) {
      boolean tools = messages.tools() != null && (schema || reason.contains("tool"));
      return tools ? "tools" : "messages";
    }
    return "prompt";
  }

  private Result render(Messages messages) {
    ChatPrompt chat = model.text().applyChatTemplate(conversation(messages));
    if (chat.text().length() > MAX_PROMPT_CHARS) {
      throw new RefusedException(Failure.templateLimitExceeded(MAX_PROMPT_CHARS + " characters"));
    }
    int[] ids = model.text().tokenize(chat.text(), chat.addSpecial(), true);
    check("messages", ids);
    List<String> stops = new ArrayList<>(request.stops());
    stops.addAll(chat.stops());
    return new Ready(
        List.of(PreparedPrompt.of("messages", ids, "", chain())),
        new AnswerRules(stops, safe(chat.grammar()), chat.shownTokens(), chat.format()));
  }

  /** Of a prompt that shares with nobody nobody is told. */
  private @Nullable BlockChain chain() {
    return request.scope().shared() ? model.chain(request.scope(), request.adapter()) : null;
  }

  private ChatRequest conversation(Messages messages) {
    Tools tools = messages.tools();
    return new ChatRequest(
        messages.json(),
        tools == null ? null : tools.json(),
        tools == null ? ToolChoice.AUTO : tools.choice(),
        tools != null && tools.parallel(),
        constraint(Form.JSON_SCHEMA),
        constraint(Form.GRAMMAR),
        messages.splitReasoning(),
        messages.templateArguments());
  }

  private @Nullable String constraint(Form form) {
    Constraint constraint = request.constraint();
    return constraint != null && constraint.form() == form ? constraint.text() : null;
  }

  private Result tokenize() {
    List<PreparedPrompt> prompts = new ArrayList<>();
    int echoed = 0;
    for (Prompt prompt : request.prompts()) {
      String param = request.prompts().size() == 1 ? "prompt" : "prompt[" + prompts.size() + "]";
      int[] ids = ids(prompt);
      check(param, ids);
      String echo = request.echo() ? echo(prompt, ids, MAX_PROMPT_CHARS - echoed) : "";
      echoed += echo.length();
      prompts.add(PreparedPrompt.of(param, ids, echo, chain()));
    }
    Constraint constraint = request.constraint();
    Grammar grammar = constraint == null ? null : Grammar.strict(grammarOf(constraint));
    return new Ready(prompts, new AnswerRules(request.stops(), safe(grammar), new int[0], null));
  }

  private int[] ids(Prompt prompt) {
    return switch (prompt) {
      case Text text ->
          text.text().isEmpty() ? new int[0] : model.text().tokenize(text.text(), true, true);
      case Tokens tokens -> tokens.ids();
      case Gap gap -> filling(gap);
      case Messages conversation ->
          throw new IllegalArgumentException("a conversation is a request's only prompt");
    };
  }

  private int[] filling(Gap gap) {
    List<String> missing = model.text().fillInTokens().missing();
    if (!missing.isEmpty()) {
      throw new RefusedException(Failure.cannotFillIn(gap.param(), model.id().name(), missing));
    }
    return GapPrompt.ids(gap, model.text());
  }

  private void check(String param, int[] ids) {
    if (ids.length == 0) {
      throw new RefusedException(Failure.emptyPrompt(param));
    }
    int vocabularySize = model.text().vocabularySize();
    for (int id : ids) {
      if (id < 0 || id >= vocabularySize) {
        throw new RefusedException(Failure.invalidTokenId(param, id, vocabularySize));
      }
    }
  }

  /** The prompt's own text; of one that came as tokens the text that they stand for. */
  private String echo(Prompt prompt, int[] ids, int maxChars) {
    String echo =
        switch (prompt) {
          case Text text -> text.text();
          case Gap gap -> gap.before();
          case Tokens _, Messages _ -> TokenTexts.of(model.text(), ids, maxChars);
        };
    if (echo.length() > maxChars) {
      throw new RefusedException(
          Failure.invalidValue(
              "echo", "the prompts' texts exceed " + MAX_PROMPT_CHARS + " characters"));
    }
    return echo;
  }

  private String grammarOf(Constraint constraint) {
    return constraint.form() == Form.GRAMMAR
        ? constraint.text()
        : model.text().grammarOf(constraint.text());
  }

  /** Every grammar is looked at, also one that was made of a schema or of tools. */
  private @Nullable Grammar safe(@Nullable Grammar grammar) {
    GrammarProblem problem = grammar == null ? null : GrammarCheck.problemOf(grammar.text());
    if (problem == null) {
      return grammar;
    }
    Constraint constraint = request.constraint();
    String param = constraint == null ? "tools" : constraint.param();
    throw new RefusedException(
        problem.limit() != null
            ? Failure.grammarTooComplex(param, problem.limit())
            : Failure.invalidValue(param, "the grammar is refused: " + problem.reason()));
  }
}
