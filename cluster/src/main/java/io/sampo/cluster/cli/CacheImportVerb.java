package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.Flag;
import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.kv.PrefixImport;
import io.sampo.engines.spi.EngineException;
import io.sampo.kvcache.prefix.PrefixLoader.Loaded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Brings the prefixes of a file into the files of a data folder. */
@Command(
    name = "import",
    description =
        "Bring the prefixes of a file into a data folder, where the next 'sampo serve --kv-disk'"
            + " finds them.")
final class CacheImportVerb implements Callable<Integer> {

  static final List<Flag> FLAGS =
      List.of(
          Flags.KV_DISK,
          Flags.CTX_SIZE,
          Flags.THREADS,
          Flags.GPU_LAYERS,
          Flags.KV_TYPE,
          Flags.ENGINE,
          Flags.ENGINE_OPTION,
          Flags.DATA_DIR);

  private final Surroundings surroundings;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "FILE", description = "Of 'sampo cache export'.")
  private Path file = Path.of("");

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "The model that is to use them. Default stories15m.")
  private @Nullable String model;

  CacheImportVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!Files.isReadable(file)) {
      throw new FailedException("there is no file " + file);
    }
    Layers layers = Layers.withoutFile(FlagOptions.given(spec), surroundings.environment());
    KvSettings settings = settings(layers);
    try (OneShotEngine engine = OneShotEngine.load(surroundings, layers, model)) {
      Loaded loaded = PrefixImport.load(file, settings, engine.layout(), engine.vocabulary());
      surroundings
          .out()
          .printf(
              "%d prefixes, %d blocks in %s%n",
              loaded.prefixes(), loaded.blocks(), settings.folder());
    } catch (EngineException refused) {
      throw new FailedException(String.valueOf(refused.getMessage()), refused);
    } catch (IOException | IllegalArgumentException refused) {
      throw new FailedException(String.valueOf(refused.getMessage()), refused);
    }
    return 0;
  }

  /** Main memory for all of the file at once, which is more than its blocks. */
  private KvSettings settings(Layers layers) throws IOException {
    long bytes = Math.max(KvSettings.LEAST_HOST_BYTES, 2 * Files.size(file));
    long disk = layers.bytes(Flags.KV_DISK).orElse(4 * bytes);
    return new KvSettings(16 * bytes, disk, layers.dataFolder());
  }
}
