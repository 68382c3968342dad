package io.sampo.actors.generation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.actors.generation.GenerationRequest.Constraint;
import io.sampo.actors.generation.GenerationRequest.Constraint.Form;
import io.sampo.actors.generation.GenerationRequest.Messages;
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
import io.sampo.kvcache.block.BlockHash;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A prompt as token ids, or the reason why it is none. */
sealed interface PreparedPrompt {

  /**
   * Ready to be placed.
   *
   * @param blockHashes of its whole blocks, chained
   * @param stops further texts that end an answer in the model's chat format
   * @param grammar what the answers must obey, or null
   * @param shownTokens special tokens that are part of an answer's text
   * @param format how answers are taken apart, or null where they are plain text
   */
  record Ready(
      int[] ids,
      long[] blockHashes,
      List<String> stops,
      @Nullable Grammar grammar,
      int[] shownTokens,
      @Nullable String format)
      implements PreparedPrompt {}

  record Refused(Failure failure) implements PreparedPrompt {}

  /** Until there are tenants there is one. */
  byte[] TENANT = "default".getBytes(UTF_8);

  /** The router is told of so many blocks at most; a longer prompt is known by its beginning. */
  int MAX_BLOCKS = 4_096;

  /** The longest rendered conversation; the request's own size is bounded at the door. */
  int MAX_PROMPT_CHARS = 16 << 20;

  static PreparedPrompt of(GenerationRequest request, ServedModel model) {
    try {
      return switch (request.prompt()) {
        case Messages messages -> rendered(messages, request.constraint(), model);
        case Text text ->
            text.text().isEmpty()
                ? new Refused(Failure.emptyPrompt("prompt"))
                : continued(model.text().tokenize(text.text(), true, true), request, model);
        case Tokens tokens -> continued(tokens.ids(), request, model);
      };
    } catch (EngineException refused) {
      String reason = String.valueOf(refused.getMessage());
      return new Refused(Failure.invalidValue(culprit(request, reason), reason));
    }
  }

  /** The field that a refusal by the model's text codec is about. */
  private static String culprit(GenerationRequest request, String reason) {
    boolean schema = reason.contains("JSON schema");
    Constraint constraint = request.constraint();
    if (schema && constraint != null) {
      return constraint.param();
    }
    if (request.prompt() instanceof Messages messages) {
      boolean tools = messages.tools() != null && (schema || reason.contains("tool"));
      return tools ? "tools" : "messages";
    }
    return "prompt";
  }

  private static PreparedPrompt rendered(
      Messages messages, @Nullable Constraint constraint, ServedModel model) {
    Tools tools = messages.tools();
    ChatRequest chat =
        new ChatRequest(
            messages.json(),
            tools == null ? null : tools.json(),
            tools == null ? ToolChoice.AUTO : tools.choice(),
            tools != null && tools.parallel(),
            text(constraint, Form.JSON_SCHEMA),
            text(constraint, Form.GRAMMAR),
            messages.splitReasoning(),
            messages.templateArguments());
    ChatPrompt prompt = model.text().applyChatTemplate(chat);
    if (prompt.text().length() > MAX_PROMPT_CHARS) {
      return new Refused(Failure.templateLimitExceeded(MAX_PROMPT_CHARS + " characters"));
    }
    int[] ids = model.text().tokenize(prompt.text(), prompt.addSpecial(), true);
    if (ids.length == 0) {
      return new Refused(Failure.emptyPrompt("messages"));
    }
    Failure unsafe = unsafe(prompt.grammar(), constraint == null ? "tools" : constraint.param());
    return unsafe != null
        ? new Refused(unsafe)
        : new Ready(
            ids,
            fingerprints(ids, model),
            prompt.stops(),
            prompt.grammar(),
            prompt.shownTokens(),
            prompt.format());
  }

  private static @Nullable String text(@Nullable Constraint constraint, Form form) {
    return constraint != null && constraint.form() == form ? constraint.text() : null;
  }

  private static PreparedPrompt continued(int[] ids, GenerationRequest request, ServedModel model) {
    int vocabularySize = model.text().vocabularySize();
    for (int id : ids) {
      if (id < 0 || id >= vocabularySize) {
        return new Refused(Failure.invalidTokenId("prompt", id, vocabularySize));
      }
    }
    if (ids.length == 0) {
      return new Refused(Failure.emptyPrompt("prompt"));
    }
    Constraint constraint = request.constraint();
    Grammar grammar = constraint == null ? null : Grammar.strict(grammarOf(constraint, model));
    Failure unsafe = unsafe(grammar, constraint == null ? "" : constraint.param());
    return unsafe != null
        ? new Refused(unsafe)
        : new Ready(ids, fingerprints(ids, model), List.of(), grammar, new int[0], null);
  }

  private static String grammarOf(Constraint constraint, ServedModel model) {
    return constraint.form() == Form.GRAMMAR
        ? constraint.text()
        : model.text().grammarOf(constraint.text());
  }

  /** Every grammar is looked at, also one that was made of a schema or of tools. */
  private static @Nullable Failure unsafe(@Nullable Grammar grammar, String param) {
    GrammarProblem problem = grammar == null ? null : GrammarCheck.problemOf(grammar.text());
    if (problem == null) {
      return null;
    }
    return problem.limit() != null
        ? Failure.grammarTooComplex(param, problem.limit())
        : Failure.invalidValue(param, "the grammar is refused: " + problem.reason());
  }

  /**
   * The first half of each block's hash; enough to route by, where a false match costs time and
   * nothing else.
   */
  private static long[] fingerprints(int[] ids, ServedModel model) {
    BlockChain chain =
        new BlockChain(TENANT, model.id().name().getBytes(UTF_8), BlockChain.DEFAULT_BLOCK_TOKENS);
    long[] hashes = chain.hashes(ids);
    long[] first = new long[Math.min(BlockHash.count(hashes), MAX_BLOCKS)];
    for (int block = 0; block < first.length; block++) {
      first[block] = BlockHash.at(hashes, block).first();
    }
    return first;
  }
}
