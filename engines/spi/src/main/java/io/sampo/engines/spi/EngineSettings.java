package io.sampo.engines.spi;

import java.util.HashMap;
import java.util.Map;

/**
 * How a model is loaded.
 *
 * @param contextTokens the context of one sequence, in tokens; 0 lets the engine choose what model
 *     and memory allow
 * @param maxSequences sequences at once, 1 to 256; 0 lets the engine choose
 * @param threads CPU threads of a step; 0 means one for each core
 * @param gpuLayers layers kept on a GPU; {@link #AUTO} for as many as fit
 * @param kvType the number format of keys and values
 * @param flashAttention whether attention is computed by the fused kernel; AUTO leaves it to the
 *     engine
 * @param deterministic one sequence a step, so that the same request gives the same bytes whatever
 *     runs beside it
 * @param options further settings of one engine, by name; an engine rejects a name it does not know
 */
public record EngineSettings(
    int contextTokens,
    int maxSequences,
    int threads,
    int gpuLayers,
    KvType kvType,
    FlashAttention flashAttention,
    boolean deterministic,
    Map<String, String> options) {

  /** For {@link #gpuLayers}: as many as fit. */
  public static final int AUTO = -1;

  public static final EngineSettings DEFAULTS =
      new EngineSettings(0, 0, 0, AUTO, KvType.F16, FlashAttention.AUTO, false, Map.of());

  /** The number format of cached keys and values. */
  public enum KvType {
    F16,
    Q8_0,
    Q4_0
  }

  /** The fused attention kernel. */
  public enum FlashAttention {
    AUTO,
    ON,
    OFF
  }

  public EngineSettings {
    require(contextTokens >= 0, "contextTokens", contextTokens);
    require(maxSequences >= 0 && maxSequences <= 256, "maxSequences", maxSequences);
    require(threads >= 0 && threads <= 1024, "threads", threads);
    require(gpuLayers >= AUTO, "gpuLayers", gpuLayers);
    options = Map.copyOf(options);
  }

  /**
   * These settings, and the others' where these say nothing, which is where they hold what {@link
   * #DEFAULTS} holds. Options are joined by name.
   */
  public EngineSettings over(EngineSettings others) {
    Map<String, String> joined = new HashMap<>(others.options);
    joined.putAll(options);
    return new EngineSettings(
        contextTokens == 0 ? others.contextTokens : contextTokens,
        maxSequences == 0 ? others.maxSequences : maxSequences,
        threads == 0 ? others.threads : threads,
        gpuLayers == AUTO ? others.gpuLayers : gpuLayers,
        kvType == KvType.F16 ? others.kvType : kvType,
        flashAttention == FlashAttention.AUTO ? others.flashAttention : flashAttention,
        deterministic || others.deterministic,
        joined);
  }

  /**
   * What of these settings is about the answers and not about one machine: another machine has
   * other threads, GPUs, files and options.
   */
  public EngineSettings forEveryMachine() {
    return new EngineSettings(
        contextTokens,
        maxSequences,
        DEFAULTS.threads,
        DEFAULTS.gpuLayers,
        kvType,
        flashAttention,
        deterministic,
        Map.of());
  }

  private static void require(boolean holds, String name, int value) {
    if (!holds) {
      throw new IllegalArgumentException(name + " is out of range: " + value);
    }
  }
}
