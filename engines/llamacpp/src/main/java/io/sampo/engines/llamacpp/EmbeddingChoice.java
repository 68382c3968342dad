package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeContext;
import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.modelstore.gguf.Pooling;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.ModelTask;
import java.util.Map;
import java.util.Set;

/**
 * What settings and model come to where the model computes vectors. Whether it does follows from
 * its pooling: the one its file names, over which the option wins.
 *
 * @param contextTokens the longest input
 * @param maxRequests requests at once
 * @param maxInputs most inputs of a batch
 * @param batchTokens most tokens of a batch; no input is split, so it holds the longest one
 */
record EmbeddingChoice(
    Pooling pooling,
    int vectorLength,
    int contextTokens,
    int maxRequests,
    int maxInputs,
    int threads,
    int batchTokens,
    long kvBytes,
    long computeBytes) {

  /** The option for the pooling: none, mean, cls or last. */
  static final String POOLING = "pooling";

  private static final Set<String> OPTIONS =
      Set.of(POOLING, LoadChoice.BATCH_TOKENS, KernelChoice.KERNELS, GpuSplit.TENSOR_SPLIT);
  private static final int DEFAULT_REQUESTS = 16;
  private static final int DEFAULT_CONTEXT = 2048;
  private static final int DEFAULT_BATCH = 512;
  private static final int MAX_BATCH = 1 << 16;
  private static final long FIXED_BYTES = 64L << 20;

  /** Whether a model generates under these settings. */
  static boolean generates(GgufSummary model, EngineSettings settings) {
    return pooling(model, settings.options()) == Pooling.NONE;
  }

  private static Pooling pooling(GgufSummary model, Map<String, String> options) {
    String asked = options.get(POOLING);
    if (asked == null) {
      return model.pooling();
    }
    for (Pooling pooling : Pooling.values()) {
      if (pooling.text().equals(asked) && pooling != Pooling.RANK) {
        return pooling;
      }
    }
    throw new EngineException(
        Kind.INVALID_REQUEST, "pooling must be none, mean, cls or last, is '" + asked + "'");
  }

  /**
   * Chooses.
   *
   * @throws EngineException INVALID_REQUEST for an option that is unknown or out of range
   */
  static EmbeddingChoice of(GgufSummary model, EngineSettings settings) {
    LoadChoice.requireKnown(settings.options(), OPTIONS);
    Pooling pooling = pooling(model, settings.options());
    int context = contextTokens(model, settings);
    int asked =
        LoadChoice.option(settings.options(), LoadChoice.BATCH_TOKENS, DEFAULT_BATCH, 1, MAX_BATCH);
    int batch = Math.max(asked, context);
    int requests = settings.maxSequences() == 0 ? DEFAULT_REQUESTS : settings.maxSequences();
    return new EmbeddingChoice(
        pooling,
        pooling == Pooling.RANK ? 1 : model.vectorLength(),
        context,
        requests,
        settings.deterministic() ? 1 : Math.min(batch, NativeContext.MAX_SEQUENCES),
        LoadChoice.threads(settings),
        batch,
        model.kvBytesPerToken(GgmlType.F16) * batch,
        computeBytes(model, batch));
  }

  private static int contextTokens(GgufSummary model, EngineSettings settings) {
    int trained = model.trainedContextTokens();
    int most = trained > 0 ? Math.min(trained, MAX_BATCH) : DEFAULT_CONTEXT;
    int wanted = settings.contextTokens() == 0 ? DEFAULT_CONTEXT : settings.contextTokens();
    return Math.min(wanted, most);
  }

  /**
   * Activations as of a model that generates; the mask of who attends to whom; and the logits that
   * llama.cpp makes room for, one row for each token, though nobody asks for them.
   */
  private static long computeBytes(GgufSummary model, int batch) {
    long activations = 12L * batch * model.embeddingLength() * Float.BYTES;
    long mask = (long) batch * batch * (Float.BYTES + Short.BYTES);
    long logits = (long) batch * model.vocabularySize() * Float.BYTES;
    return FIXED_BYTES + activations + mask + logits;
  }

  ModelTask task() {
    return pooling == Pooling.RANK ? ModelTask.RANK : ModelTask.EMBED;
  }

  LoadPlan plan(GgufSummary model) {
    return new LoadPlan(
        model.architecture(),
        model.parameters(),
        model.trainedContextTokens(),
        task(),
        vectorLength,
        contextTokens,
        maxRequests,
        model.weightBytes(),
        kvBytes,
        computeBytes);
  }
}
