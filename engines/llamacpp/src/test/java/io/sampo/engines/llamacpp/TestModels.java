package io.sampo.engines.llamacpp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import io.sampo.engines.modelstore.synthetic.LlamaShape;
import io.sampo.engines.modelstore.synthetic.SyntheticAdapter;
import io.sampo.engines.modelstore.synthetic.SyntheticModel;
import io.sampo.engines.modelstore.synthetic.SyntheticVocabulary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

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
    LlamaShape shape = new LlamaShape("wide", 2, 256, 4, 4, 256, 1 << 22, 10_000f, true, 0);
    SyntheticModel.write(gguf, shape, new SyntheticVocabulary.Generated(512), GgmlType.F16, 1);
  }

  /** As tiny, with sliding-window attention. */
  static Path windowed(Path folder) throws IOException {
    Path gguf = folder.resolve("windowed.gguf");
    SyntheticVocabulary vocabulary = new SyntheticVocabulary.Generated(512);
    SyntheticModel.write(gguf, LlamaShape.TINY_WINDOWED, vocabulary, GgmlType.F16, 1);
    return gguf;
  }

  /** An adapter for the tiny model that changes its answers; adapters of other seeds differ. */
  static Path adapter(Path folder, long seed) throws IOException {
    Path gguf = folder.resolve("adapter-" + seed + ".gguf");
    SyntheticAdapter.write(gguf, LlamaShape.TINY, 4, seed);
    return gguf;
  }

  /** The tiny model with a chat template. */
  static Path chatting(Path folder, String template) throws IOException {
    return chatting(folder, template, LlamaShape.TINY, List.of());
  }

  /** A model whose template knows tools and reasoning, with a context that holds them. */
  static Path calling(Path folder) throws IOException {
    LlamaShape shape = new LlamaShape("calling", 2, 64, 4, 4, 128, 4096, 10_000f, true, 0);
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
