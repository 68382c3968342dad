package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeState;
import io.sampo.engines.modelstore.gguf.GgufFile;
import io.sampo.engines.modelstore.gguf.GgufValidator;
import io.sampo.engines.modelstore.store.ContentDigest;
import io.sampo.kvcache.block.ModelFingerprint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the KV of a model in this engine depends on: the files with weights and tokenizer, and what
 * else changes the numbers beyond rounding. That is llama.cpp's version, the variable by which it
 * stops rotating quantized keys and values, and for a model with two sets of RoPE factors the
 * context's length, which chooses between them.
 */
final class KvFingerprint {

  /** llama.cpp reads it when a context is made. */
  private static final String ROTATION = "LLAMA_ATTN_ROT_DISABLE";

  private KvFingerprint() {}

  /**
   * Takes the fingerprint; reads all of the model where its digest is not known.
   *
   * @param cells of the context
   */
  static ModelFingerprint of(Path model, int cells) throws IOException {
    List<String> digests = new ArrayList<>();
    for (Path file : GgufValidator.files(model)) {
      digests.add(ContentDigest.of(file));
    }
    String rotation = String.valueOf(System.getenv(ROTATION));
    String engine =
        "llamacpp %s, %s=%s".formatted(NativeState.libraryVersion(), ROTATION, rotation);
    return ModelFingerprint.of(
        dependsOnContext(model) ? engine + ", " + cells + " cells" : engine, digests);
  }

  private static boolean dependsOnContext(Path model) throws IOException {
    try (GgufFile file = GgufFile.open(model)) {
      return file.tensors().stream()
          .anyMatch(tensor -> tensor.name().contains("rope_factors_long"));
    }
  }
}
