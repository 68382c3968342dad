package io.sampo.engines.modelstore.stories;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import io.sampo.engines.modelstore.gguf.TensorData;
import io.sampo.engines.modelstore.stories.Llama2Checkpoint.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a llama2.c checkpoint as GGUF: matrices as F16 (rounded to nearest even), norms as F32.
 * Both worlds rotate neighbouring pairs, so rows of Q and K stay in order.
 */
final class StoriesConversion {

  private static final int FILE_TYPE_F16 = 1;
  private static final int QUANTIZATION_VERSION = 2;

  private final Llama2Checkpoint model;
  private final Llama2Vocabulary vocabulary;
  private final GgufWriter writer = new GgufWriter();

  private StoriesConversion(Llama2Checkpoint model, Llama2Vocabulary vocabulary) {
    this.model = model;
    this.vocabulary = vocabulary;
  }

  static void write(Llama2Checkpoint model, Llama2Vocabulary vocabulary, Path gguf)
      throws IOException {
    StoriesConversion conversion = new StoriesConversion(model, vocabulary);
    conversion.describeModel();
    conversion.describeVocabulary();
    conversion.addTensors();
    conversion.writer.write(gguf);
  }

  private void describeModel() {
    writer
        .string("general.architecture", "llama")
        .string("general.name", "stories15M")
        .string("general.license", "mit")
        .uint32("general.file_type", FILE_TYPE_F16)
        .uint32("general.quantization_version", QUANTIZATION_VERSION)
        .uint32("llama.context_length", model.contextTokens)
        .uint32("llama.embedding_length", model.width)
        .uint32("llama.block_count", model.layers)
        .uint32("llama.feed_forward_length", model.ffnWidth)
        .uint32("llama.attention.head_count", model.heads)
        .uint32("llama.attention.head_count_kv", model.kvHeads)
        .float32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .uint32("llama.rope.dimension_count", model.headWidth())
        .float32("llama.rope.freq_base", 10_000f)
        .uint32("llama.vocab_size", model.vocabularySize);
  }

  private void describeVocabulary() {
    writer
        .string("tokenizer.ggml.model", "llama")
        .string("tokenizer.ggml.pre", "default")
        .strings("tokenizer.ggml.tokens", vocabulary.tokens())
        .float32s("tokenizer.ggml.scores", vocabulary.scores())
        .int32s("tokenizer.ggml.token_type", vocabulary.types())
        .uint32("tokenizer.ggml.unknown_token_id", Llama2Vocabulary.UNKNOWN)
        .uint32("tokenizer.ggml.bos_token_id", Llama2Vocabulary.BEGIN)
        .uint32("tokenizer.ggml.eos_token_id", Llama2Vocabulary.END)
        .bool("tokenizer.ggml.add_bos_token", true)
        .bool("tokenizer.ggml.add_eos_token", false)
        .bool("tokenizer.ggml.add_space_prefix", true);
  }

  private void addTensors() {
    matrix("token_embd.weight", Weights.TOKEN_EMBEDDING, 0, model.width, model.vocabularySize);
    for (int layer = 0; layer < model.layers; layer++) {
      addLayer(layer, "blk." + layer + ".");
    }
    vector("output_norm.weight", Weights.FINAL_NORM, 0);
  }

  private void addLayer(int layer, String prefix) {
    int width = model.width;
    vector(prefix + "attn_norm.weight", Weights.ATTENTION_NORM, layer);
    matrix(prefix + "attn_q.weight", Weights.QUERY, layer, width, width);
    matrix(prefix + "attn_k.weight", Weights.KEY, layer, width, model.kvWidth());
    matrix(prefix + "attn_v.weight", Weights.VALUE, layer, width, model.kvWidth());
    matrix(prefix + "attn_output.weight", Weights.ATTENTION_OUTPUT, layer, width, width);
    vector(prefix + "ffn_norm.weight", Weights.FFN_NORM, layer);
    matrix(prefix + "ffn_gate.weight", Weights.FFN_GATE, layer, width, model.ffnWidth);
    matrix(prefix + "ffn_down.weight", Weights.FFN_DOWN, layer, model.ffnWidth, width);
    matrix(prefix + "ffn_up.weight", Weights.FFN_UP, layer, width, model.ffnWidth);
  }

  private void vector(String name, Weights kind, int layer) {
    TensorData data = out -> writeFully(out, model.weights(kind, layer));
    writer.tensor(name, GgmlType.F32, List.of((long) model.width), data);
  }

  private void matrix(String name, Weights kind, int layer, int rowLength, int rows) {
    TensorData data = out -> writeFully(out, halves(model.weights(kind, layer)));
    writer.tensor(name, GgmlType.F16, List.of((long) rowLength, (long) rows), data);
  }

  private static ByteBuffer halves(ByteBuffer floats) {
    int count = floats.limit() / Float.BYTES;
    ByteBuffer halves = ByteBuffer.allocate(count * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      halves.putShort(i * Short.BYTES, Float.floatToFloat16(floats.getFloat(i * Float.BYTES)));
    }
    return halves;
  }

  private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }
}
