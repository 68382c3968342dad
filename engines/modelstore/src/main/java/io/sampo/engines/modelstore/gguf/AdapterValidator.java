package io.sampo.engines.modelstore.gguf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Checks a LoRA adapter, and that it fits the model it is to change, before native code sees it.
 *
 * <p>An adapter changes a matrix W of the model by the product of two narrow ones, which its file
 * holds under W's name with {@code .lora_a} and {@code .lora_b} at the end. With dimensions as in
 * the file, the row's length first, and r the adapter's rank:
 *
 * <pre>
 *   W [in, out, …]           lora_a [in, r, …]    lora_b [r, out, …]
 *   token_embd [in, tokens]  lora_a [r, tokens]   lora_b [r, in]       not transposed
 * </pre>
 *
 * What native code asserts of types and shapes is a rule here.
 */
public final class AdapterValidator {

  /**
   * What an adapter is.
   *
   * @param matrices how many of the model's matrices it changes
   * @param rank the largest width of its narrow matrices
   * @param bytes of its weights
   */
  public record AdapterSummary(int matrices, long rank, long bytes) {}

  private static final String A = ".lora_a";
  private static final String B = ".lora_b";
  private static final String EMBEDDING = "token_embd.weight";
  private static final String OUTPUT = "output.weight";

  /** llama.cpp leaves these out. */
  private static final String NORM = "_norm.weight";

  /** The formats that llama.cpp's own converter writes; all of them multiply on every backend. */
  private static final Set<GgmlType> TYPES =
      EnumSet.of(GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0);

  private final Map<String, GgufTensor> model = new HashMap<>();
  private final Map<String, GgufTensor> adapter = new HashMap<>();

  private AdapterValidator(List<GgufTensor> model, List<GgufTensor> adapter) {
    model.forEach(tensor -> this.model.put(tensor.name(), tensor));
    adapter.forEach(tensor -> this.adapter.put(tensor.name(), tensor));
  }

  /**
   * Checks an adapter.
   *
   * @param base the model's file, which was checked
   * @throws GgufRejectedException when a rule is broken
   * @throws IOException when a file cannot be read
   */
  public static AdapterSummary validate(Path adapter, Path base) throws IOException {
    try (GgufFile file = GgufFile.open(adapter);
        GgufFile model = GgufFile.open(base)) {
      requireText(file, "general.type", "adapter");
      requireText(file, "adapter.type", "lora");
      requireText(
          file, "general.architecture", model.string("general.architecture").orElse("unknown"));
      checkAlpha(file);
      if (file.keys().contains("adapter.alora.invocation_tokens")) {
        throw new GgufRejectedException(
            "adapter must not wait for an invocation (aLoRA)",
            "key adapter.alora.invocation_tokens");
      }
      return new AdapterValidator(GgufValidator.tensors(base, model), file.tensors()).summary();
    }
  }

  private static void requireText(GgufFile file, String key, String wanted) {
    String found = file.string(key).orElse("");
    if (!found.equals(wanted)) {
      throw new GgufRejectedException(
          "value must be '" + wanted + "', is '" + GgufValidator.printable(found) + "'",
          "key " + key);
    }
  }

  /** The alpha is optional and its type is asserted. */
  private static void checkAlpha(GgufFile file) {
    String key = "adapter.lora.alpha";
    double alpha = file.float32(key).orElse(Double.NaN);
    if (file.keys().contains(key) && !(alpha >= 0 && alpha <= 1e6)) {
      throw new GgufRejectedException("value must be a FLOAT32 of 0 to 10^6", "key " + key);
    }
  }

  private AdapterSummary summary() {
    int matrices = 0;
    long rank = 0;
    long bytes = 0;
    for (GgufTensor tensor : adapter.values()) {
      String name = tensor.name();
      bytes += tensor.bytes();
      if (name.endsWith(A)) {
        rank = Math.max(rank, checkPair(tensor, name.substring(0, name.length() - A.length())));
        matrices++;
      } else if (name.endsWith(B)) {
        partner(tensor, name.substring(0, name.length() - B.length()) + A);
      } else {
        require(name.endsWith(NORM), "name must end with .lora_a or .lora_b", tensor);
      }
    }
    if (matrices == 0) {
      throw new GgufRejectedException("adapter must change at least one matrix", "header");
    }
    return new AdapterSummary(matrices, rank, bytes);
  }

  /** Checks a pair and gives its rank. */
  private long checkPair(GgufTensor a, String name) {
    GgufTensor b = partner(a, name + B);
    GgufTensor changed = model.get(name);
    if (changed == null) {
      throw new GgufRejectedException(
          "tensor must change one that the model has", "tensor " + a.name());
    }
    for (GgufTensor each : List.of(a, b)) {
      require(TYPES.contains(each.type()), "number format must be one of " + TYPES, each);
    }
    require(
        changed.type() != GgmlType.NVFP4, "the model's tensor must not be quantized as NVFP4", a);
    return name.endsWith(EMBEDDING) ? checkEmbedding(a, b, changed) : checkMatrix(a, b, changed);
  }

  private static long checkMatrix(GgufTensor a, GgufTensor b, GgufTensor changed) {
    long rank = a.length(1);
    requireShape(a, List.of(changed.length(0), rank, changed.length(2), changed.length(3)));
    requireShape(b, List.of(rank, changed.length(1), changed.length(2), changed.length(3)));
    return rank;
  }

  /** A model without an output matrix takes its embedding for it, turned, where the pair is not. */
  private long checkEmbedding(GgufTensor a, GgufTensor b, GgufTensor changed) {
    require(
        model.containsKey(OUTPUT),
        "the embedding may be changed only of a model that has an " + OUTPUT,
        a);
    long rank = a.length(0);
    requireShape(a, List.of(rank, changed.length(1), 1L, 1L));
    requireShape(b, List.of(rank, changed.length(0), 1L, 1L));
    return rank;
  }

  private GgufTensor partner(GgufTensor tensor, String name) {
    GgufTensor partner = adapter.get(name);
    if (partner == null) {
      throw new GgufRejectedException(
          "the other half of the pair must be there", "tensor " + tensor.name());
    }
    return partner;
  }

  private static void requireShape(GgufTensor tensor, List<Long> wanted) {
    List<Long> found =
        List.of(tensor.length(0), tensor.length(1), tensor.length(2), tensor.length(3));
    require(
        found.equals(wanted), "shape must fit the model's: " + wanted + ", is " + found, tensor);
  }

  private static void require(boolean holds, String rule, GgufTensor tensor) {
    if (!holds) {
      throw new GgufRejectedException(rule, "tensor " + tensor.name());
    }
  }
}
