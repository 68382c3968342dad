package io.sampo.engines.modelstore.synthetic;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a GGUF file of a {@link LlamaShape} with random weights. What it says is noise; what it
 * costs is what a real model of its shape costs.
 */
public final class SyntheticModel {

  private static final int TINY_TOKENS = 512;

  private final LlamaShape shape;
  private final GgmlType type;
  private final long seed;
  private final GgufWriter writer = new GgufWriter();

  private SyntheticModel(LlamaShape shape, GgmlType type, long seed) {
    this.shape = shape;
    this.type = type;
    this.seed = seed;
  }

  /**
   * Writes a model; a file of that name is replaced.
   *
   * @param type of the matrices: F16 or F32
   * @param seed of the weights
   * @throws IOException when the file cannot be written or the vocabulary's donor cannot be read
   */
  public static void write(
      Path gguf, LlamaShape shape, SyntheticVocabulary vocabulary, GgmlType type, long seed)
      throws IOException {
    if (type != GgmlType.F16 && type != GgmlType.F32) {
      throw new IllegalArgumentException("a synthetic model is F16 or F32, not " + type);
    }
    SyntheticModel model = new SyntheticModel(shape, type, seed);
    model.describe();
    int tokens = vocabulary.describe(model.writer);
    model.writer.uint32(model.key("vocab_size"), tokens);
    model.addTensors(tokens);
    model.writer.write(gguf);
  }

  /** Writes {@link LlamaShape#TINY} in F16 with a generated vocabulary of 512 tokens. */
  public static void writeTiny(Path gguf) throws IOException {
    SyntheticVocabulary vocabulary = new SyntheticVocabulary.Generated(TINY_TOKENS);
    write(gguf, LlamaShape.TINY, vocabulary, GgmlType.F16, 1);
  }

  private void describe() {
    writer
        .string("general.architecture", shape.architecture())
        .string("general.name", "synthetic " + shape.name() + " (random weights)")
        .uint32("general.file_type", type == GgmlType.F16 ? 1 : 0)
        .uint32("general.quantization_version", 2)
        .uint32(key("context_length"), shape.contextTokens())
        .uint32(key("embedding_length"), shape.width())
        .uint32(key("block_count"), shape.layers())
        .uint32(key("feed_forward_length"), shape.ffnWidth())
        .uint32(key("attention.head_count"), shape.heads())
        .uint32(key("attention.head_count_kv"), shape.kvHeads())
        .float32(key("attention.layer_norm_rms_epsilon"), 1e-5f)
        .uint32(key("rope.dimension_count"), shape.headWidth())
        .float32(key("rope.freq_base"), shape.ropeBase());
    if (shape.windowed()) {
      writer
          .uint32(key("attention.sliding_window"), shape.windowTokens())
          .float32(key("attention.layer_norm_epsilon"), 1e-5f)
          .float32(key("logit_scale"), 1f);
    }
  }

  private String key(String name) {
    return shape.architecture() + "." + name;
  }

  private void addTensors(int tokens) {
    matrix("token_embd.weight", 0, shape.width(), tokens);
    for (int layer = 0; layer < shape.layers(); layer++) {
      addLayer("blk." + layer + ".", 1 + 7L * layer);
    }
    norm("output_norm.weight");
    if (!shape.tiedEmbeddings()) {
      matrix("output.weight", -1, shape.width(), tokens);
    }
  }

  private void addLayer(String prefix, long number) {
    int width = shape.width();
    norm(prefix + "attn_norm.weight");
    matrix(prefix + "attn_q.weight", number, width, width);
    matrix(prefix + "attn_k.weight", number + 1, width, shape.kvWidth());
    matrix(prefix + "attn_v.weight", number + 2, width, shape.kvWidth());
    matrix(prefix + "attn_output.weight", number + 3, width, width);
    if (!shape.windowed()) {
      norm(prefix + "ffn_norm.weight");
    }
    matrix(prefix + "ffn_gate.weight", number + 4, width, shape.ffnWidth());
    matrix(prefix + "ffn_down.weight", number + 5, shape.ffnWidth(), width);
    matrix(prefix + "ffn_up.weight", number + 6, width, shape.ffnWidth());
  }

  /**
   * @param number differs for each matrix of a model
   */
  private void matrix(String name, long number, int rowLength, int rows) {
    RandomWeights weights =
        new RandomWeights(type, rowLength, (long) rowLength * rows, seed * 1_000_003 + number);
    writer.tensor(name, type, List.of((long) rowLength, (long) rows), weights);
  }

  private void norm(String name) {
    ByteBuffer ones =
        ByteBuffer.allocate(shape.width() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (ones.hasRemaining()) {
      ones.putFloat(1f);
    }
    ones.flip();
    writer.tensor(
        name, GgmlType.F32, List.of((long) shape.width()), out -> out.write(ones.duplicate()));
  }
}
