package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.engines.llamacpp.jni.NativeLibrary;
import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufFile;
import io.sampo.engines.modelstore.gguf.GgufTensor;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A model in each number format loads and answers. */
class QuantizationTest {

  @TempDir private static Path folder;
  private static Path wide = Path.of("");

  @BeforeAll
  static void write() throws IOException {
    wide = folder.resolve("wide.gguf");
    TestModels.wide(wide);
  }

  private static void assertAnswers(Path model) throws InterruptedException {
    try (Teller teller = new Teller(model, 1, false)) {
      assertThat(teller.tell("a b c", 4, null).tokens()).hasSize(4);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K_S", "Q3_K_M",
        "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "IQ4_NL", "IQ4_XS", "IQ3_S",
        "IQ3_M", "TQ1_0", "TQ2_0", "MXFP4"
      })
  void answersAsQuantizedByLlamaCpp(String kind) throws Exception {
    Path model = folder.resolve(kind + ".gguf");
    NativeLibrary.quantize(wide, model, kind, 1);
    assertAnswers(model);
  }

  /** Formats that are only made with a calibration text; a matrix of zeros is valid in each. */
  @ParameterizedTest
  @EnumSource(names = {"IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS"})
  void answersInFormatsThatNeedACalibration(GgmlType type) throws Exception {
    Path model = folder.resolve(type + ".gguf");
    try (GgufFile donor = GgufFile.open(wide)) {
      GgufWriter writer = new GgufWriter();
      donor.keys().forEach(key -> writer.copy(key, donor));
      for (GgufTensor tensor : donor.tensors()) {
        boolean matrix = tensor.name().startsWith("blk.") && tensor.dimensions().size() == 2;
        GgmlType as = matrix ? type : tensor.type();
        byte[] zeros = new byte[(int) as.bytes(tensor.elements())];
        writer.tensor(
            tensor.name(),
            as,
            tensor.dimensions(),
            out -> out.write(matrix ? ByteBuffer.wrap(zeros) : donor.data(tensor).asByteBuffer()));
      }
      writer.write(model);
    }
    assertAnswers(model);
  }
}
