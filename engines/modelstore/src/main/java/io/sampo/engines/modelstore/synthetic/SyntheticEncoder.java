package io.sampo.engines.modelstore.synthetic;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import io.sampo.engines.modelstore.gguf.Pooling;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a GGUF file of the bert architecture with random weights in F32: a model for embeddings,
 * or one that ranks. Its vocabulary is letters and digits, at the beginning of a word and inside.
 */
public final class SyntheticEncoder {

  private static final List<String> SPECIAL = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");
  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'";
  private static final int CONTROL = 3;
  private static final int NORMAL = 1;

  private final EncoderShape shape;
  private final long seed;
  private final GgufWriter writer = new GgufWriter();
  private long matrices;

  private SyntheticEncoder(EncoderShape shape, long seed) {
    this.shape = shape;
    this.seed = seed;
  }

  /** Writes a model; a file of that name is replaced. */
  public static void write(Path gguf, EncoderShape shape, long seed) throws IOException {
    SyntheticEncoder encoder = new SyntheticEncoder(shape, seed);
    encoder.describe();
    encoder.addTensors(encoder.describeVocabulary());
    encoder.writer.write(gguf);
  }

  private void describe() {
    writer
        .string("general.architecture", "bert")
        .string("general.name", "synthetic encoder (random weights)")
        .uint32("general.file_type", 0)
        .uint32("bert.context_length", shape.contextTokens())
        .uint32("bert.embedding_length", shape.width())
        .uint32("bert.block_count", shape.layers())
        .uint32("bert.feed_forward_length", shape.ffnWidth())
        .uint32("bert.attention.head_count", shape.heads())
        .float32("bert.attention.layer_norm_epsilon", 1e-12f)
        .bool("bert.attention.causal", false);
    if (shape.pooling() != Pooling.NONE) {
      writer.uint32("bert.pooling_type", shape.pooling().number());
    }
  }

  private int describeVocabulary() {
    List<String> tokens = new ArrayList<>(SPECIAL);
    LETTERS
        .chars()
        .mapToObj(Character::toString)
        .forEach(
            letter -> {
              tokens.add("▁" + letter);
              tokens.add(letter);
            });
    int[] types = new int[tokens.size()];
    Arrays.fill(types, NORMAL);
    Arrays.fill(types, 0, SPECIAL.size(), CONTROL);
    writer
        .string("tokenizer.ggml.model", "bert")
        .string("tokenizer.ggml.pre", "jina-v2-en")
        .strings("tokenizer.ggml.tokens", tokens)
        .int32s("tokenizer.ggml.token_type", types)
        .uint32("tokenizer.ggml.token_type_count", 2)
        .uint32("tokenizer.ggml.padding_token_id", 0)
        .uint32("tokenizer.ggml.unknown_token_id", 1)
        .uint32("tokenizer.ggml.bos_token_id", 2)
        .uint32("tokenizer.ggml.eos_token_id", 3)
        .uint32("tokenizer.ggml.seperator_token_id", 3)
        .uint32("tokenizer.ggml.mask_token_id", 4)
        .bool("tokenizer.ggml.add_bos_token", true)
        .bool("tokenizer.ggml.add_eos_token", true)
        .bool("tokenizer.ggml.add_sep_token", false);
    return tokens.size();
  }

  private void addTensors(int tokens) {
    matrix("token_embd.weight", shape.width(), tokens);
    matrix("token_types.weight", shape.width(), 2);
    matrix("position_embd.weight", shape.width(), shape.contextTokens());
    norm("token_embd_norm");
    for (int layer = 0; layer < shape.layers(); layer++) {
      addLayer("blk." + layer + ".");
    }
    if (shape.pooling() == Pooling.RANK) {
      matrix("cls.output.weight", shape.width(), 1);
    }
  }

  private void addLayer(String prefix) {
    int width = shape.width();
    for (String name : List.of("attn_q", "attn_k", "attn_v", "attn_output")) {
      matrix(prefix + name + ".weight", width, width);
    }
    norm(prefix + "attn_output_norm");
    matrix(prefix + "ffn_up.weight", width, shape.ffnWidth());
    matrix(prefix + "ffn_down.weight", shape.ffnWidth(), width);
    norm(prefix + "layer_output_norm");
  }

  private void matrix(String name, int rowLength, int rows) {
    RandomWeights weights =
        new RandomWeights(
            GgmlType.F32, rowLength, (long) rowLength * rows, seed * 1_000_003 + matrices++);
    List<Long> dimensions =
        rows == 1 ? List.of((long) rowLength) : List.of((long) rowLength, (long) rows);
    writer.tensor(name, GgmlType.F32, dimensions, weights);
  }

  /** Weights of one and a bias of zero. */
  private void norm(String prefix) {
    constant(prefix + ".weight", 1f);
    constant(prefix + ".bias", 0f);
  }

  private void constant(String name, float value) {
    ByteBuffer values =
        ByteBuffer.allocate(shape.width() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (values.hasRemaining()) {
      values.putFloat(value);
    }
    values.flip();
    writer.tensor(
        name, GgmlType.F32, List.of((long) shape.width()), out -> out.write(values.duplicate()));
  }
}
