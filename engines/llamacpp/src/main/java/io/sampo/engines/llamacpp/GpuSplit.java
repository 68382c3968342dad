package io.sampo.engines.llamacpp;

import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.LoadPlan;
import java.util.List;
import java.util.Map;

/**
 * How many of a model's layers are kept on GPUs, and which part of them on each.
 *
 * <p>A layer takes its share of the weights and of the keys and values. The embedding stays on the
 * CPU; the output matrix counts as one more layer, and llama.cpp moves it last. Every device also
 * needs room for a pass's activations, and some is left to its driver and to others.
 *
 * @param layers the output matrix among them; 0 keeps all on the CPU
 * @param shares of each device, in any unit; none leaves the division to llama.cpp
 * @param devices what computes, by name; none where all is on the CPU
 * @param whole whether all of the model is on GPUs
 */
record GpuSplit(int layers, float[] shares, List<String> devices, boolean whole) {

  /**
   * A device that can take layers.
   *
   * @param freeBytes of its memory, now
   */
  record Gpu(String name, long freeBytes) {}

  /** The option for the parts of a model that several GPUs take, for example {@code 3/1}. */
  static final String TENSOR_SPLIT = "tensor-split";

  /** Left to the driver, and to what the estimates miss. */
  private static final long SPARE_BYTES = 512L << 20;

  /**
   * The shares that an operator gave; none when it was left open.
   *
   * @param gpus how many there are
   * @throws EngineException INVALID_REQUEST when they are no shares, or more than there are GPUs
   */
  static float[] shares(Map<String, String> options, int gpus) {
    String text = options.get(TENSOR_SPLIT);
    if (text == null) {
      return new float[0];
    }
    String[] parts = text.split("/", -1);
    float[] shares = new float[parts.length];
    float sum = 0;
    try {
      for (int i = 0; i < parts.length; i++) {
        shares[i] = Float.parseFloat(parts[i]);
        sum = shares[i] < 0 ? Float.NaN : sum + shares[i];
      }
    } catch (NumberFormatException notANumber) {
      sum = Float.NaN;
    }
    if (!(sum > 0 && sum < Float.POSITIVE_INFINITY)) {
      throw invalid("must be shares like 3/1, one for each GPU, is '" + text + "'");
    }
    if (shares.length > gpus) {
      throw invalid("divides among " + shares.length + " GPUs, and there are " + gpus);
    }
    return shares;
  }

  private static EngineException invalid(String rule) {
    return new EngineException(Kind.INVALID_REQUEST, TENSOR_SPLIT + " " + rule);
  }

  /**
   * Chooses.
   *
   * @param asked layers, or {@link EngineSettings#AUTO} for as many as fit
   * @param given shares of the devices in the order of the list, or none to divide by what fits
   */
  static GpuSplit of(GgufSummary model, LoadPlan plan, List<Gpu> gpus, int asked, float[] given) {
    if (gpus.isEmpty() || asked == 0) {
      return cpu();
    }
    int all = model.layers() + 1;
    long layerBytes =
        Math.ceilDiv(plan.weightBytes(), all)
            + Math.ceilDiv(plan.kvBytes(), Math.max(1, model.layers()));
    float[] fitting = new float[gpus.size()];
    for (int i = 0; i < fitting.length; i++) {
      long room = gpus.get(i).freeBytes() - plan.computeBytes() - SPARE_BYTES;
      fitting[i] = Math.clamp(room / Math.max(1, layerBytes), 0, all);
    }
    boolean divided = given.length > 0;
    int layers =
        asked != EngineSettings.AUTO
            ? Math.min(asked, all)
            : divided ? mostWithin(given, fitting, all) : sum(fitting, all);
    return layers == 0
        ? cpu()
        : new GpuSplit(
            layers,
            divided ? given.clone() : fitting.length > 1 ? fitting : new float[0],
            gpus.stream().map(Gpu::name).toList(),
            layers == all);
  }

  private static GpuSplit cpu() {
    return new GpuSplit(0, new float[0], List.of(), false);
  }

  /** Layers of a small model that guesses for this one: all of them where this one is whole. */
  int beside() {
    return whole ? EngineSettings.AUTO : 0;
  }

  private static int sum(float[] fitting, int all) {
    float sum = 0;
    for (float each : fitting) {
      sum += each;
    }
    return (int) Math.min(sum, all);
  }

  /** The most layers of which no device gets more than fit, when they are divided by shares. */
  private static int mostWithin(float[] shares, float[] fitting, int all) {
    float total = 0;
    for (float share : shares) {
      total += share;
    }
    double most = all;
    for (int i = 0; i < fitting.length && i < shares.length; i++) {
      if (shares[i] > 0) {
        most = Math.min(most, Math.floor(fitting[i] * (double) total / shares[i]));
      }
    }
    return (int) most;
  }
}
