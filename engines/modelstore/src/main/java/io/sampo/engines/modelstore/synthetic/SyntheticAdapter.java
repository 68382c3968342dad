package io.sampo.engines.modelstore.synthetic;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a LoRA adapter with random weights for a {@link SyntheticModel}. It changes what comes out
 * of each layer's attention, by about as much as comes out of it.
 */
public final class SyntheticAdapter {

  private SyntheticAdapter() {}

  /**
   * Writes an adapter; a file of that name is replaced.
   *
   * @param shape of the model
   * @param rank width of its narrow matrices
   * @param seed adapters of other seeds change the model otherwise
   * @throws IOException when the file cannot be written
   */
  public static void write(Path gguf, LlamaShape shape, int rank, long seed) throws IOException {
    GgufWriter writer =
        new GgufWriter()
            .string("general.type", "adapter")
            .string("general.architecture", "llama")
            .string("general.name", "synthetic adapter for " + shape.name() + " (random weights)")
            .string("adapter.type", "lora")
            .float32("adapter.lora.alpha", rank);
    for (int layer = 0; layer < shape.layers(); layer++) {
      String changed = "blk." + layer + ".attn_output.weight";
      add(writer, changed + ".lora_a", shape.width(), rank, seed * 1_000_003 + layer);
      add(writer, changed + ".lora_b", rank, shape.width(), seed * 2_000_003 + layer);
    }
    writer.write(gguf);
  }

  private static void add(GgufWriter writer, String name, int rowLength, int rows, long seed) {
    writer.tensor(
        name,
        GgmlType.F32,
        List.of((long) rowLength, (long) rows),
        new RandomWeights(GgmlType.F32, rowLength, (long) rowLength * rows, seed));
  }
}
