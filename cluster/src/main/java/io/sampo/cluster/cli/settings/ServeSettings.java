package io.sampo.cluster.cli.settings;

import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What {@code serve} was asked for, checked as far as that goes without model and engine.
 *
 * @param model the model reference as written; empty where none was named
 * @param engine the engine's name
 * @param adapters what the model is served with from the start
 * @param adapterFolder whose adapters may be loaded over HTTP, or null
 * @param kv how much KV the node keeps beside its engine
 * @param overrides configuration of the rooms below, in HOCON; empty for none
 */
public record ServeSettings(
    Optional<String> model,
    String host,
    int port,
    String clusterHost,
    int clusterPort,
    @Nullable Path apiKeyFile,
    List<String> allowedHosts,
    List<String> modelAliases,
    String engine,
    EngineSettings engineSettings,
    List<Adapter> adapters,
    @Nullable Path adapterFolder,
    Path dataFolder,
    LogFormat logFormat,
    boolean debugHeaders,
    KvFlags kv,
    String overrides) {

  /** The form of a log line. */
  public enum LogFormat {
    TEXT,
    JSON
  }

  private static final int MOST_CONTEXT_TOKENS = 16 << 20;

  /**
   * Reads and checks every setting.
   *
   * @param model the model named on the command line
   * @throws UsageException when a value breaks a rule
   */
  public static ServeSettings from(Layers layers, @Nullable String model) {
    String host = layers.text(Flags.HOST, "127.0.0.1");
    Path keys = layers.find(Flags.API_KEY_FILE).map(ServeSettings::keyFile).orElse(null);
    if (keys == null) {
      requireLoopback(
          layers,
          Flags.HOST,
          host,
          "others could reach this address and no keys are set;"
              + " give --api-key-file FILE (one key a line) or keep --host 127.0.0.1");
    }
    String clusterHost = layers.text(Flags.CLUSTER_HOST, "127.0.0.1");
    requireLoopback(
        layers,
        Flags.CLUSTER_HOST,
        clusterHost,
        "traffic between nodes is neither encrypted nor authenticated yet;"
            + " keep --cluster-host 127.0.0.1");
    return new ServeSettings(
        Optional.ofNullable(model).or(() -> layers.model().map(Given::text)),
        host,
        layers.number(Flags.PORT, 0, 65535, 8080),
        clusterHost,
        layers.number(Flags.CLUSTER_PORT, 0, 65535, 0),
        keys,
        layers.list(Flags.ALLOWED_HOST),
        layers.list(Flags.MODEL_ALIAS),
        layers.text(Flags.ENGINE, "llamacpp"),
        engineSettings(layers),
        AdapterFlags.adapters(layers),
        AdapterFlags.folder(layers),
        layers.dataFolder(),
        layers
            .find(Flags.LOG_FORMAT)
            .map(given -> oneOf(LogFormat.values(), given))
            .orElse(LogFormat.TEXT),
        layers.on(Flags.DEBUG_HEADERS),
        KvFlags.from(layers),
        layers.overrides());
  }

  /** The same with the file of the draft model, for the engine. */
  public ServeSettings withDraft(Path file) {
    Map<String, String> options = new TreeMap<>(engineSettings.options());
    options.put("speculation", "draft");
    options.put("draft-model", file.toAbsolutePath().toString());
    EngineSettings drafting =
        new EngineSettings(
            engineSettings.contextTokens(),
            engineSettings.maxSequences(),
            engineSettings.threads(),
            engineSettings.gpuLayers(),
            engineSettings.kvType(),
            engineSettings.flashAttention(),
            engineSettings.deterministic(),
            options);
    return new ServeSettings(
        model,
        host,
        port,
        clusterHost,
        clusterPort,
        apiKeyFile,
        allowedHosts,
        modelAliases,
        engine,
        drafting,
        adapters,
        adapterFolder,
        dataFolder,
        logFormat,
        debugHeaders,
        kv,
        overrides);
  }

  /** How the engine is asked to load a model. */
  public static EngineSettings engineSettings(Layers layers) {
    return new EngineSettings(
        layers.tokens(Flags.CTX_SIZE, MOST_CONTEXT_TOKENS, 0),
        layers.number(Flags.PARALLEL, 0, 256, 0),
        layers.number(Flags.THREADS, 0, 1024, 0),
        layers.find(Flags.GPU_LAYERS).map(ServeSettings::gpuLayers).orElse(EngineSettings.AUTO),
        layers.find(Flags.KV_TYPE).map(given -> oneOf(KvType.values(), given)).orElse(KvType.F16),
        FlashAttention.AUTO,
        layers.on(Flags.DETERMINISTIC),
        EngineOptions.from(layers));
  }

  private static int gpuLayers(Given given) {
    if (given.text().equals("auto")) {
      return EngineSettings.AUTO;
    }
    try {
      return Layers.number(given, 0, 10_000);
    } catch (UsageException e) {
      throw given.refused("expected auto or a number of layers");
    }
  }

  private static <E extends Enum<E>> E oneOf(E[] values, Given given) {
    for (E value : values) {
      if (value.name().toLowerCase(Locale.ROOT).equals(given.text())) {
        return value;
      }
    }
    List<String> names =
        List.of(values).stream().map(value -> value.name().toLowerCase(Locale.ROOT)).toList();
    throw given.refused("expected one of " + String.join(", ", names));
  }

  private static Path keyFile(Given given) {
    Path file = Path.of(given.text());
    try (Stream<String> lines = Files.lines(file)) {
      if (lines.map(String::strip).allMatch(line -> line.isEmpty() || line.startsWith("#"))) {
        throw given.refused("holds no key; write one key a line");
      }
    } catch (IOException | UncheckedIOException e) {
      throw given.refused("cannot be read; make a file with one key a line");
    }
    return file;
  }

  private static void requireLoopback(Layers layers, Flag flag, String host, String reason) {
    String place = layers.find(flag).map(Given::place).orElse(host);
    try {
      if (!InetAddress.getByName(host).isLoopbackAddress()) {
        throw new UsageException(place + ": " + reason);
      }
    } catch (UnknownHostException e) {
      throw new UsageException(place + ": no such address; give one of this machine's own");
    }
  }
}
