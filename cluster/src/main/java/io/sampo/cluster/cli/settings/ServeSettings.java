package io.sampo.cluster.cli.settings;

import io.sampo.cluster.membership.ClusterSettings;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.node.AdminSettings;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What {@code serve} or {@code node} was asked for, checked as far as that goes without model and
 * engine.
 *
 * @param models the model references as written; a gateway has one at most
 * @param cluster its place among other nodes
 * @param engine the engine's name
 * @param replicas engine nodes that run the model at most; 0 takes all
 * @param adapters what the model is served with from the start
 * @param adapterFolder whose adapters may be loaded over HTTP, or null
 * @param kv how much KV the node keeps beside its engine
 * @param overrides configuration of the rooms below, in HOCON; empty for none
 * @param admin where operators reach it
 */
public record ServeSettings(
    List<String> models,
    String host,
    int port,
    ClusterSettings cluster,
    @Nullable Path apiKeyFile,
    List<String> allowedHosts,
    List<String> modelAliases,
    String engine,
    EngineSettings engineSettings,
    int replicas,
    List<Adapter> adapters,
    @Nullable Path adapterFolder,
    Path dataFolder,
    LogFormat logFormat,
    boolean debugHeaders,
    KvFlags kv,
    String overrides,
    AdminSettings admin) {

  /** The form of a log line. */
  public enum LogFormat {
    TEXT,
    JSON
  }

  private static final int MOST_CONTEXT_TOKENS = 16 << 20;
  private static final int MOST_REPLICAS = 1000;

  /**
   * Reads and checks every setting of {@code serve}.
   *
   * @param model the model named on the command line
   * @throws UsageException when a value breaks a rule
   */
  public static ServeSettings from(Layers layers, @Nullable String model) {
    List<String> models =
        model == null
            ? layers.find(Flags.MODEL).map(given -> List.of(given.text())).orElse(List.of())
            : List.of(model);
    return from(layers, models, ClusterFlags.settings(layers, Role.BOTH));
  }

  /**
   * Reads and checks every setting of {@code node}.
   *
   * @throws UsageException when a value breaks a rule, or is not for a node of these roles
   */
  public static ServeSettings from(Layers layers) {
    Set<Role> roles = ClusterFlags.roles(layers);
    List<String> models = layers.list(Flags.MODEL);
    if (roles.contains(Role.GATEWAY) && models.size() > 1) {
      throw layers
          .find(Flags.MODEL)
          .orElseThrow()
          .refused("a gateway serves one model; start another for the other");
    }
    return from(layers, models, ClusterFlags.settings(layers, roles));
  }

  private static ServeSettings from(Layers layers, List<String> models, ClusterSettings cluster) {
    String host = layers.text(Flags.HOST, "127.0.0.1");
    int port = layers.number(Flags.PORT, 0, 65535, 8080);
    Path keys = layers.find(Flags.API_KEY_FILE).map(ServeSettings::keyFile).orElse(null);
    if (keys == null && cluster.has(Role.GATEWAY)) {
      ClusterFlags.requireLoopback(
          layers,
          Flags.HOST,
          host,
          "others could reach this address and no keys are set;"
              + " give --api-key-file FILE (one key a line) or keep --host 127.0.0.1");
    }
    return new ServeSettings(
        models,
        host,
        port,
        cluster,
        keys,
        layers.list(Flags.ALLOWED_HOST),
        layers.list(Flags.MODEL_ALIAS),
        layers.text(Flags.ENGINE, "llamacpp"),
        engineSettings(layers),
        layers.number(Flags.REPLICAS, 0, MOST_REPLICAS, 0),
        AdapterFlags.adapters(layers),
        AdapterFlags.folder(layers),
        layers.dataFolder(),
        layers
            .find(Flags.LOG_FORMAT)
            .map(given -> oneOf(LogFormat.values(), given))
            .orElse(LogFormat.TEXT),
        layers.on(Flags.DEBUG_HEADERS),
        KvFlags.from(layers),
        RoutingFlags.overrides(layers) + layers.overrides(),
        AdminFlags.settings(layers, port, keys != null));
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
        models,
        host,
        port,
        cluster,
        apiKeyFile,
        allowedHosts,
        modelAliases,
        engine,
        drafting,
        replicas,
        adapters,
        adapterFolder,
        dataFolder,
        logFormat,
        debugHeaders,
        kv,
        overrides,
        admin);
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
}
