package io.sampo.engines.llamacpp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import io.sampo.engines.modelstore.synthetic.LlamaShape;
import io.sampo.engines.modelstore.synthetic.SyntheticModel;
import io.sampo.engines.modelstore.synthetic.SyntheticVocabulary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

/** Models with random weights, written where a test needs them. */
final class TestModels {

  private TestModels() {}

  /** 512 tokens, a context of 256. */
  static Path tiny(Path folder) throws IOException {
    Path gguf = folder.resolve("tiny.gguf");
    SyntheticModel.writeTiny(gguf);
    return gguf;
  }

  /** Wide enough for every quantization; trained, it says, for a context beyond any memory. */
  static void wide(Path gguf) throws IOException {
    LlamaShape shape = new LlamaShape("wide", 2, 256, 4, 4, 256, 1 << 22, 10_000f, true);
    SyntheticModel.write(gguf, shape, new SyntheticVocabulary.Generated(512), GgmlType.F16, 1);
  }

  /** An adapter for the tiny model that changes its answers; adapters of other seeds differ. */
  static Path adapter(Path folder, long seed) throws IOException {
    Path gguf = folder.resolve("adapter-" + seed + ".gguf");
    GgufWriter writer =
        new GgufWriter()
            .string("general.type", "adapter")
            .string("general.architecture", "llama")
            .string("adapter.type", "lora")
            .float32("adapter.lora.alpha", 8);
    for (int layer = 0; layer < LlamaShape.TINY.layers(); layer++) {
      narrow(writer, "blk." + layer + ".attn_output.weight.lora_a", 64, 4, seed);
      narrow(writer, "blk." + layer + ".attn_output.weight.lora_b", 4, 64, seed + 1);
    }
    writer.write(gguf);
    return gguf;
  }

  private static void narrow(GgufWriter writer, String name, int row, int rows, long seed) {
    ByteBuffer values =
        ByteBuffer.allocate(row * rows * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    SplittableRandom random = new SplittableRandom(seed);
    while (values.hasRemaining()) {
      values.putFloat((float) random.nextDouble(-0.5, 0.5));
    }
    values.flip();
    writer.tensor(
        name, GgmlType.F32, List.of((long) row, (long) rows), out -> out.write(values.duplicate()));
  }

  /** The tiny model with a chat template. */
  static Path chatting(Path folder, String template) throws IOException {
    return chatting(folder, template, LlamaShape.TINY, List.of());
  }

  /** A model whose template knows tools and reasoning, with a context that holds them. */
  static Path calling(Path folder) throws IOException {
    LlamaShape shape = new LlamaShape("calling", 2, 64, 4, 4, 128, 4096, 10_000f, true);
    try (InputStream template = TestModels.class.getResourceAsStream("tools.jinja")) {
      String text = new String(Objects.requireNonNull(template).readAllBytes(), UTF_8);
      return chatting(folder, text, shape, List.of("<tool_call>", "</tool_call>"));
    }
  }

  private static Path chatting(Path folder, String template, LlamaShape shape, List<String> control)
      throws IOException {
    Path donor = folder.resolve("vocabulary.gguf");
    Path gguf = folder.resolve("chatting.gguf");
    GgufWriter writer = new GgufWriter().string("general.architecture", "llama");
    new SyntheticVocabulary.Generated(512, control).describe(writer);
    writer.string("tokenizer.chat_template", template).write(donor);
    SyntheticModel.write(gguf, shape, new SyntheticVocabulary.Donor(donor), GgmlType.F16, 1);
    return gguf;
  }
}
