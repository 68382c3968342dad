import io.sampo.engines.llamacpp.jni.NativeLibrary;
import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.synthetic.LlamaShape;
import io.sampo.engines.modelstore.synthetic.SyntheticModel;
import io.sampo.engines.modelstore.synthetic.SyntheticVocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes a Llama-3.2-1B of random weights, quantized.
 *
 * <p>Arguments: a GGUF file whose vocabulary to take, and the file to write, and the number format.
 */
class RandomModel {

  public static void main(String[] files) throws IOException {
    Path vocabulary = Path.of(files[0]);
    Path model = Path.of(files[1]);
    Path full = Path.of(files[1] + ".f16");
    try {
      SyntheticVocabulary donor = new SyntheticVocabulary.Donor(vocabulary);
      SyntheticModel.write(full, LlamaShape.LLAMA_3_2_1B, donor, GgmlType.F16, 1);
      NativeLibrary.quantize(full, model, files[2], 0);
    } finally {
      Files.deleteIfExists(full);
    }
  }
}
