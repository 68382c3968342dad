package io.sampo.cluster;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import io.sampo.engines.modelstore.synthetic.LlamaShape;
import io.sampo.engines.modelstore.synthetic.SyntheticModel;
import io.sampo.engines.modelstore.synthetic.SyntheticVocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A small model of random weights and 512 tokens, written where a test needs it. */
final class NoiseModel {

  private NoiseModel() {}

  /** One that only continues texts. */
  static Path write(Path folder, int context, String... control) throws IOException {
    return write(folder, context, new SyntheticVocabulary.Generated(512, List.of(control)));
  }

  /** One that knows this chat template. */
  static Path chatting(Path folder, int context, String template, String... control)
      throws IOException {
    Path donor = folder.resolve("vocabulary.gguf");
    GgufWriter writer = new GgufWriter().string("general.architecture", "llama");
    new SyntheticVocabulary.Generated(512, List.of(control)).describe(writer);
    writer.string("tokenizer.chat_template", template).write(donor);
    return write(folder, context, new SyntheticVocabulary.Donor(donor));
  }

  private static Path write(Path folder, int context, SyntheticVocabulary vocabulary)
      throws IOException {
    LlamaShape shape = new LlamaShape("noise", 2, 64, 4, 4, 128, context, 10_000f, true, 0);
    Path gguf = folder.resolve("noise.gguf");
    SyntheticModel.write(gguf, shape, vocabulary, GgmlType.F16, 1);
    return gguf;
  }
}
