package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.Flag;
import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.cluster.cli.settings.UsageException;
import io.sampo.engines.modelstore.download.Sizes;
import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.ChatRequest;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.TextCodec;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.prefix.PrefixWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** Computes prefixes and writes them with their KV to a file. */
@Command(
    name = "export",
    description = "Compute prefixes once and write them with their KV to a file.",
    footer = {
      "",
      "The file fits nodes with the same model file, --kv-type and llama.cpp: give it to 'sampo"
          + " serve --kv-warm FILE', or bring it into a data folder by 'sampo cache import FILE'.",
      "",
      "Examples:",
      "  sampo cache export prompts.kv ./model.gguf --system support.txt --system sales.txt",
      "  sampo cache export stories.kv --text beginning.txt"
    })
final class CacheExportVerb implements Callable<Integer> {

  static final List<Flag> FLAGS =
      List.of(
          Flags.CTX_SIZE,
          Flags.THREADS,
          Flags.GPU_LAYERS,
          Flags.KV_TYPE,
          Flags.ENGINE,
          Flags.ENGINE_OPTION,
          Flags.DATA_DIR);

  private final Surroundings surroundings;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "FILE", description = "What to write.")
  private Path file = Path.of("");

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "The model. Default stories15m.")
  private @Nullable String model;

  @Option(
      names = "--system",
      paramLabel = "FILE",
      description = "A system prompt, as a file of text; it is put into the model's chat format.")
  private List<Path> systems = List.of();

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description = "The beginning of a text, as a file; it is taken as it is.")
  private List<Path> texts = List.of();

  CacheExportVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (systems.isEmpty() && texts.isEmpty()) {
      throw new UsageException("give at least one --system FILE or --text FILE");
    }
    Layers layers = Layers.withoutFile(FlagOptions.given(spec), surroundings.environment());
    Map<String, String> contents = contents();
    try (OneShotEngine engine = OneShotEngine.load(surroundings, layers, model)) {
      KvLayout layout = engine.layout();
      try (PrefixWriter writer = new PrefixWriter(file.toAbsolutePath(), layout)) {
        for (int[] ids : prefixes(engine.text(), contents)) {
          add(engine, writer, ids, layout);
        }
        writer.finish();
      }
    } catch (EngineException refused) {
      throw new FailedException(String.valueOf(refused.getMessage()), refused);
    }
    surroundings.out().printf("%s, %s%n", file, Sizes.text(Files.size(file)));
    return 0;
  }

  /** Read before a model is loaded for minutes. */
  private Map<String, String> contents() {
    Map<String, String> contents = new TreeMap<>();
    for (Path path : systems) {
      contents.put(path.toString(), read(path));
    }
    for (Path path : texts) {
      contents.put(path.toString(), read(path));
    }
    return contents;
  }

  private static String read(Path path) {
    try {
      return Files.readString(path).strip();
    } catch (IOException unreadable) {
      throw new FailedException(path + " cannot be read; give a file of text", unreadable);
    }
  }

  /** In the order of their ids, in which they share most. */
  private List<int[]> prefixes(TextCodec text, Map<String, String> contents) {
    List<int[]> prefixes = new ArrayList<>();
    for (Path path : systems) {
      prefixes.add(system(text, contents.getOrDefault(path.toString(), "")));
    }
    for (Path path : texts) {
      prefixes.add(text.tokenize(contents.getOrDefault(path.toString(), ""), true, true));
    }
    prefixes.sort(Arrays::compare);
    return prefixes;
  }

  /** What every conversation with this system prompt begins with, whatever is asked in it. */
  private static int[] system(TextCodec text, String prompt) {
    int[] one = conversation(text, prompt, "a");
    int[] other = conversation(text, prompt, "7");
    int differs = Arrays.mismatch(one, other);
    return Arrays.copyOf(one, differs < 0 ? one.length : differs);
  }

  private static int[] conversation(TextCodec text, String prompt, String question) {
    List<Map<String, String>> messages =
        List.of(
            Map.of("role", "system", "content", prompt),
            Map.of("role", "user", "content", question));
    ChatPrompt chat =
        text.applyChatTemplate(ChatRequest.of(new JsonMapper().writeValueAsString(messages)));
    return text.tokenize(chat.text(), chat.addSpecial(), true);
  }

  private void add(OneShotEngine engine, PrefixWriter writer, int[] ids, KvLayout layout)
      throws IOException {
    if (ids.length < layout.blockTokens()) {
      throw new FailedException(
          "a prefix needs at least %d tokens, and one has %d"
              .formatted(layout.blockTokens(), ids.length));
    }
    try (Arena arena = Arena.ofShared()) {
      writer.add(ids, engine.blocks(ids, layout, arena));
    }
    surroundings
        .out()
        .printf("%d tokens in %d blocks%n", ids.length, ids.length / layout.blockTokens());
  }
}
