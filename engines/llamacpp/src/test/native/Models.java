import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.Pooling;
import io.sampo.engines.modelstore.synthetic.EncoderShape;
import io.sampo.engines.modelstore.synthetic.LlamaShape;
import io.sampo.engines.modelstore.synthetic.SyntheticAdapter;
import io.sampo.engines.modelstore.synthetic.SyntheticEncoder;
import io.sampo.engines.modelstore.synthetic.SyntheticModel;
import io.sampo.engines.modelstore.synthetic.SyntheticVocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes what the native half is driven with, small and of random weights: model.gguf,
 * grouped.gguf, adapter.gguf for it, embedder.gguf and ranker.gguf.
 *
 * <p>Argument: the folder to write to.
 */
class Models {

  /** Its heads are wide enough for keys and values of every number format. */
  private static final LlamaShape SHAPE =
      new LlamaShape("wide", 2, 256, 4, 4, 256, 512, 10_000f, true, 0);

  /** Heads share keys and values, and the output matrix is one of its own. */
  private static final LlamaShape GROUPED =
      new LlamaShape("grouped", 2, 256, 8, 2, 512, 512, 10_000f, false, 0);

  public static void main(String[] folder) throws IOException {
    Path into = Path.of(folder[0]);
    SyntheticModel.write(
        into.resolve("model.gguf"),
        SHAPE,
        new SyntheticVocabulary.Generated(512, List.of()),
        GgmlType.F16,
        1);
    SyntheticModel.write(
        into.resolve("grouped.gguf"),
        GROUPED,
        new SyntheticVocabulary.Generated(512, List.of()),
        GgmlType.F16,
        2);
    SyntheticAdapter.write(into.resolve("adapter.gguf"), SHAPE, 4, 1);
    SyntheticEncoder.write(into.resolve("embedder.gguf"), EncoderShape.tiny(Pooling.MEAN), 1);
    SyntheticEncoder.write(into.resolve("ranker.gguf"), EncoderShape.tiny(Pooling.RANK), 1);
  }
}
