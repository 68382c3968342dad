package io.sampo.engines.modelstore.synthetic;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufFile;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.modelstore.gguf.GgufValidator;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import io.sampo.engines.modelstore.synthetic.SyntheticVocabulary.Donor;
import io.sampo.engines.modelstore.synthetic.SyntheticVocabulary.Generated;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyntheticModelTest {

  @TempDir Path folder;

  @Test
  void writesAValidModelOfItsShape() throws IOException {
    Path gguf = folder.resolve("tiny.gguf");
    SyntheticModel.writeTiny(gguf);
    GgufSummary summary = GgufValidator.validate(gguf);
    assertThat(summary.layers()).isEqualTo(2);
    assertThat(summary.vocabularySize()).isEqualTo(512);
    assertThat(summary.kvElementsPerToken()).isEqualTo(2 * 2 * 2 * 16);
    assertThat(summary.parameters())
        .isEqualTo(512 * 64 + 64 + 2 * (2 * 64 + 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128));
  }

  @Test
  void givesTheSameFileForTheSameSeedOnly() throws IOException {
    Path first = write("a", 7);
    assertThat(write("b", 7)).hasSameBinaryContentAs(first);
    assertThat(first).content(ISO_8859_1).isNotEqualTo(Files.readString(write("c", 8), ISO_8859_1));
  }

  @Test
  void takesItsVocabularyFromADonor() throws IOException {
    Path donor = folder.resolve("donor.gguf");
    Path gguf = folder.resolve("copy.gguf");
    SyntheticModel.write(donor, LlamaShape.TINY, new Generated(300), GgmlType.F16, 1);
    SyntheticModel.write(gguf, LlamaShape.TINY, new Donor(donor), GgmlType.F32, 1);
    assertThat(tokens(gguf)).hasSize(300).isEqualTo(tokens(donor));
  }

  @Test
  void generatesTokensThatAreAllDifferent() throws IOException {
    Path gguf = folder.resolve("many.gguf");
    SyntheticModel.write(gguf, LlamaShape.TINY, new Generated(30_000), GgmlType.F16, 1);
    assertThat(tokens(gguf)).hasSize(30_000).doesNotHaveDuplicates();
  }

  @Test
  void refusesADonorWithoutVocabularyAndQuantizedOutput() throws IOException {
    Path donor = folder.resolve("empty.gguf");
    new GgufWriter().write(donor);
    Path gguf = folder.resolve("m.gguf");
    assertThatThrownBy(
            () -> SyntheticModel.write(gguf, LlamaShape.TINY, new Donor(donor), GgmlType.F16, 1))
        .hasMessageContaining("has no vocabulary");
    assertThatThrownBy(
            () -> SyntheticModel.write(gguf, LlamaShape.TINY, new Generated(300), GgmlType.Q8_0, 1))
        .hasMessageContaining("F16 or F32");
  }

  private Path write(String name, long seed) throws IOException {
    Path gguf = folder.resolve(name);
    SyntheticModel.write(gguf, LlamaShape.TINY, new Generated(300), GgmlType.F16, seed);
    return gguf;
  }

  private static List<String> tokens(Path gguf) throws IOException {
    try (GgufFile file = GgufFile.open(gguf)) {
      return file.strings("tokenizer.ggml.tokens").orElseThrow();
    }
  }
}
