package io.sampo.engines.simulated;

import io.sampo.engines.simulated.model.SimulatedText;
import io.sampo.engines.simulated.model.SimulatedVocabulary;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.ModelTask;

/**
 * What the settings come to on the pretended device. Threads, GPU layers and number formats change
 * nothing.
 *
 * @param contextTokens of one sequence
 */
record SimulatedPlan(SimulatedOptions options, int contextTokens, int maxSequences) {

  static final String NAME = "simulated";

  /**
   * The pretended model: the shape of Llama-3.2-1B, 16 layers with keys and values of 512 halves
   * each.
   */
  private static final long PARAMETERS = 1_235_814_400L;

  private static final long WEIGHT_BYTES = 807_690_656L;
  private static final long KV_BYTES_PER_TOKEN = 16 * 2 * 512 * 2;
  private static final long COMPUTE_BYTES = 64L << 20;

  static SimulatedPlan of(EngineSettings settings) {
    SimulatedOptions options = SimulatedOptions.from(settings.options());
    int context = settings.contextTokens() > 0 ? settings.contextTokens() : options.contextTokens();
    if (context < 2 || context > SimulatedText.TRAINED_CONTEXT_TOKENS) {
      throw new EngineException(
          EngineException.Kind.INVALID_REQUEST,
          "The simulated engine: the context must be 2 to %d tokens: %d"
              .formatted(SimulatedText.TRAINED_CONTEXT_TOKENS, context));
    }
    if (settings.maxSequences() > 0) {
      return new SimulatedPlan(options, context, settings.maxSequences());
    }
    return new SimulatedPlan(options, context, fitting(options, context));
  }

  /** As many sequences as the profile runs and its memory holds at full length, at least one. */
  private static int fitting(SimulatedOptions options, int context) {
    DeviceProfile profile = options.profile();
    long forKv = profile.memoryBytes() - WEIGHT_BYTES - COMPUTE_BYTES;
    long fit = (forKv / KV_BYTES_PER_TOKEN - options.retainedTokens()) / context;
    return Math.clamp(fit, 1, profile.maxSequences());
  }

  /** This, if the profile's memory holds it. */
  SimulatedPlan requireMemory() {
    long needed = loadPlan().totalBytes();
    long memory = options.profile().memoryBytes();
    if (needed > memory) {
      throw new EngineException(
          EngineException.Kind.OUT_OF_MEMORY,
          "The simulated %s has %d MiB, but %d MiB are needed; ask for a shorter context or fewer sequences."
              .formatted(options.profile().name(), memory >> 20, needed >> 20));
    }
    return this;
  }

  /** Tokens there is room for, of running and of retained sequences. */
  long kvTokens() {
    return (long) contextTokens * maxSequences + options.retainedTokens();
  }

  EngineCapabilities capabilities() {
    return new EngineCapabilities(
        NAME,
        true,
        "simulated " + options.profile().name(),
        contextTokens,
        maxSequences,
        SimulatedVocabulary.size(),
        KV_BYTES_PER_TOKEN,
        options.retainedTokens() > 0,
        false,
        ModelTask.GENERATE,
        0);
  }

  LoadPlan loadPlan() {
    return new LoadPlan(
        NAME,
        PARAMETERS,
        SimulatedText.TRAINED_CONTEXT_TOKENS,
        ModelTask.GENERATE,
        0,
        contextTokens,
        maxSequences,
        WEIGHT_BYTES,
        kvTokens() * KV_BYTES_PER_TOKEN,
        COMPUTE_BYTES);
  }
}
