package io.sampo.engines.llamacpp;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.ModelTask;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What settings and model come to: every number that the settings leave open is chosen here.
 *
 * @param contextTokens of one sequence
 * @param batchTokens most rows of a step
 * @param ubatchTokens rows of one pass over the weights
 * @param interTokenMillis how far apart the tokens of a running answer may come; 0 for no target
 * @param retainTokens most tokens kept of sequences that have ended
 * @param rowCells how many retained tokens slow a row by as much as it takes, so that no more are
 *     kept than pay; 0 keeps the most
 * @param speculation whether and how tokens are guessed ahead
 * @param kernels which kernels multiply on the CPU, as {@link KernelChoice} has it
 * @param kvBytesPerToken 0 for recurrent models
 */
record LoadChoice(
    int contextTokens,
    int maxSequences,
    int threads,
    int batchTokens,
    int ubatchTokens,
    int interTokenMillis,
    int retainTokens,
    long rowCells,
    SpeculationChoice speculation,
    String kernels,
    long kvBytesPerToken,
    long computeBytes) {

  /** The option for the most tokens of a step. */
  static final String BATCH_TOKENS = "batch-tokens";

  /** The option for the tokens of one pass over the weights. */
  static final String UBATCH_TOKENS = "ubatch-tokens";

  /** The option for the time between two tokens of an answer that prompts must leave; 0 is off. */
  static final String INTER_TOKEN_MILLIS = "inter-token-millis";

  /**
   * The option for the most tokens kept of sequences that have ended; 0 keeps none, {@code auto} as
   * many as pay for themselves.
   */
  static final String RETAIN_TOKENS = "retain-tokens";

  private static final Set<String> OPTIONS = options();

  private static final int DEFAULT_SEQUENCES = 4;
  private static final int DEFAULT_CONTEXT = 8192;
  private static final int LEAST_CONTEXT = 256;
  private static final int DEFAULT_BATCH = 512;
  private static final int MAX_BATCH = 1 << 16;
  private static final String AUTO = "auto";
  private static final int DEFAULT_INTER_TOKEN_MILLIS = 200;
  private static final int MAX_INTER_TOKEN_MILLIS = 60_000;
  private static final long FIXED_BYTES = 64L << 20;

  /**
   * Chooses.
   *
   * @param availableBytes memory that could be used; half of it is offered to the KV when the
   *     context is left open
   * @throws EngineException INVALID_REQUEST for an option that is unknown or out of range
   */
  static LoadChoice of(GgufSummary model, EngineSettings settings, long availableBytes) {
    Map<String, String> options = settings.options();
    requireKnown(options, OPTIONS);
    int sequences = settings.maxSequences() == 0 ? DEFAULT_SEQUENCES : settings.maxSequences();
    long kvBytes = model.kvBytesPerToken(ggmlType(settings.kvType()));
    int context = contextTokens(model, settings, sequences, kvBytes, availableBytes);
    int batch = Math.max(option(options, BATCH_TOKENS, DEFAULT_BATCH, 1, MAX_BATCH), sequences);
    int ubatch = Math.min(option(options, UBATCH_TOKENS, batch, 1, MAX_BATCH), batch);
    SpeculationChoice speculation = SpeculationChoice.of(settings);
    boolean adapts = options.getOrDefault(RETAIN_TOKENS, AUTO).equals(AUTO);
    return new LoadChoice(
        context,
        sequences,
        threads(settings),
        batch,
        ubatch,
        option(options, INTER_TOKEN_MILLIS, DEFAULT_INTER_TOKEN_MILLIS, 0, MAX_INTER_TOKEN_MILLIS),
        adapts ? Integer.MAX_VALUE : option(options, RETAIN_TOKENS, 0, 0, Integer.MAX_VALUE),
        adapts ? rowCells(model) : 0,
        speculation,
        KernelChoice.of(settings),
        kvBytes,
        computeBytes(model, sequences + speculation.stepTokens(sequences), ubatch));
  }

  /**
   * Computing a row takes time with the weights, looking at a cell that is not the row's own with
   * the layers and their width. That the factor between is about 1 was measured; see decision 0002.
   */
  private static long rowCells(GgufSummary model) {
    long width = (long) model.layers() * model.embeddingLength();
    return Math.max(1, model.parameters() / Math.max(1, width));
  }

  private static Set<String> options() {
    Set<String> names = new TreeSet<>(SpeculationChoice.OPTIONS);
    names.addAll(
        List.of(
            BATCH_TOKENS,
            UBATCH_TOKENS,
            INTER_TOKEN_MILLIS,
            RETAIN_TOKENS,
            EmbeddingChoice.POOLING,
            KernelChoice.KERNELS,
            GpuSplit.TENSOR_SPLIT));
    return names;
  }

  private static int contextTokens(
      GgufSummary model, EngineSettings settings, int sequences, long kvBytes, long available) {
    int trained = model.trainedContextTokens();
    int most = trained > 0 ? trained : DEFAULT_CONTEXT;
    if (settings.contextTokens() > 0) {
      return Math.min(settings.contextTokens(), most);
    }
    int chosen = Math.min(most, DEFAULT_CONTEXT);
    if (kvBytes > 0) {
      long fits = available / 2 / kvBytes / sequences;
      chosen = (int) Math.min(chosen, Math.max(fits, LEAST_CONTEXT));
    }
    return Math.min(chosen, most);
  }

  /**
   * llama.cpp's activations of one pass are a few matrices as wide as the widest layer; the widest
   * are the feed-forward ones, about four times the residual stream. Logits come on top.
   */
  private static long computeBytes(GgufSummary model, int outputs, int ubatch) {
    long activations = 12L * ubatch * model.embeddingLength() * Float.BYTES;
    long logits = 2L * outputs * model.vocabularySize() * Float.BYTES;
    return FIXED_BYTES + activations + logits;
  }

  /**
   * Refuses what an engine has no option for.
   *
   * @throws EngineException INVALID_REQUEST with the name
   */
  static void requireKnown(Map<String, String> options, Set<String> known) {
    for (String name : options.keySet()) {
      if (!known.contains(name)) {
        throw new EngineException(
            Kind.INVALID_REQUEST,
            "the llamacpp engine has no option '"
                + name
                + "'; it has "
                + String.join(", ", new TreeSet<>(known)));
      }
    }
  }

  static int option(Map<String, String> options, String name, int otherwise, int least, int most) {
    String text = options.get(name);
    if (text == null) {
      return otherwise;
    }
    try {
      int value = Integer.parseInt(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException notANumber) {
      // Falls through to the one answer for both mistakes.
    }
    throw new EngineException(
        Kind.INVALID_REQUEST, name + " must be " + least + " to " + most + ", is '" + text + "'");
  }

  static GgmlType ggmlType(EngineSettings.KvType type) {
    return switch (type) {
      case F16 -> GgmlType.F16;
      case Q8_0 -> GgmlType.Q8_0;
      case Q4_0 -> GgmlType.Q4_0;
    };
  }

  /** llama.cpp's number of the setting. */
  static int flashAttention(EngineSettings settings) {
    return switch (settings.flashAttention()) {
      case AUTO -> -1;
      case OFF -> 0;
      case ON -> 1;
    };
  }

  /** What computes, in words. */
  static String device(List<String> gpus, int threads) {
    String cpu = "CPU, " + threads + (threads == 1 ? " thread" : " threads");
    return gpus.isEmpty() ? cpu : String.join(", ", gpus) + "; " + cpu;
  }

  /** As many as asked for; one for each core where that is left open. */
  static int threads(EngineSettings settings) {
    return settings.threads() == 0
        ? Runtime.getRuntime().availableProcessors()
        : settings.threads();
  }

  long kvBytes() {
    return kvBytesPerToken * contextTokens * maxSequences;
  }

  LoadPlan plan(GgufSummary model) {
    return new LoadPlan(
        model.architecture(),
        model.parameters(),
        model.trainedContextTokens(),
        ModelTask.GENERATE,
        0,
        contextTokens,
        maxSequences,
        model.weightBytes(),
        kvBytes(),
        computeBytes);
  }
}
