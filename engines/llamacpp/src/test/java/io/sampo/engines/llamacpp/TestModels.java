package io.sampo.engines.llamacpp;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufFile;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import io.sampo.engines.modelstore.synthetic.LlamaShape;
import io.sampo.engines.modelstore.synthetic.SyntheticModel;
import io.sampo.engines.modelstore.synthetic.SyntheticVocabulary;
import java.io.IOException;
import java.nio.file.Path;

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

  /** The tiny model with a chat template. */
  static Path chatting(Path folder, String template) throws IOException {
    Path donor = folder.resolve("vocabulary.gguf");
    Path gguf = folder.resolve("chatting.gguf");
    try (GgufFile tiny = GgufFile.open(tiny(folder))) {
      GgufWriter writer = new GgufWriter().string("general.architecture", "llama");
      tiny.keys().stream()
          .filter(key -> key.startsWith("tokenizer."))
          .forEach(key -> writer.copy(key, tiny));
      writer.string("tokenizer.chat_template", template).write(donor);
    }
    SyntheticModel.write(
        gguf, LlamaShape.TINY, new SyntheticVocabulary.Donor(donor), GgmlType.F16, 1);
    return gguf;
  }
}
