package io.sampo.cluster.node;

import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.wire.ModelId;
import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.membership.ClusterSettings;
import io.sampo.cluster.membership.Role;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node is started with: flags over environment over file over defaults, already joined and
 * checked.
 *
 * @param host address of the HTTP endpoint
 * @param port port of the HTTP endpoint; 0 lets the system choose
 * @param cluster its place among other nodes
 * @param model what a gateway serves; null where the node is none
 * @param engines how a model is loaded here; goes before what the cluster says
 * @param files finds the models that other nodes name
 * @param dataFolder where the node keeps what its next start shall know; null keeps nothing
 * @param debugHeaders whether answers tell how they were routed
 * @param apiKeyFile one key a line; null leaves the endpoint open, which only a loopback address
 *     allows
 * @param allowedHosts further names the endpoint is reached by, beside its own address and
 *     localhost
 * @param kv how much KV the node keeps beside its engines
 * @param drainLimit how long a stop waits for running answers
 * @param overrides further configuration in HOCON, above the files; empty for none
 * @param admin where operators reach it; null has no listener for them
 */
public record NodeSettings(
    String host,
    int port,
    ClusterSettings cluster,
    @Nullable ModelSettings model,
    EngineSettings engines,
    ModelFiles files,
    @Nullable Path dataFolder,
    boolean debugHeaders,
    @Nullable Path apiKeyFile,
    List<String> allowedHosts,
    KvSettings kv,
    Duration drainLimit,
    String overrides,
    @Nullable AdminSettings admin) {

  /** A node without a listener for operators. */
  public NodeSettings(
      String host,
      int port,
      ClusterSettings cluster,
      @Nullable ModelSettings model,
      EngineSettings engines,
      ModelFiles files,
      @Nullable Path dataFolder,
      boolean debugHeaders,
      @Nullable Path apiKeyFile,
      List<String> allowedHosts,
      KvSettings kv,
      Duration drainLimit,
      String overrides) {
    this(
        host,
        port,
        cluster,
        model,
        engines,
        files,
        dataFolder,
        debugHeaders,
        apiKeyFile,
        allowedHosts,
        kv,
        drainLimit,
        overrides,
        null);
  }

  /** The same for operators. */
  public NodeSettings withAdmin(AdminSettings wanted) {
    return new NodeSettings(
        host,
        port,
        cluster,
        model,
        engines,
        files,
        dataFolder,
        debugHeaders,
        apiKeyFile,
        allowedHosts,
        kv,
        drainLimit,
        overrides,
        wanted);
  }

  /**
   * One model and how the cluster is to load it.
   *
   * @param name what clients call it
   * @param aliases further names
   * @param file its file on this node; an engine that needs none ignores it
   * @param source what other nodes find its file by
   * @param replicas how many engines are wanted at most; 0 wants one on each engine node
   * @param engine the engine's name, for example {@code llamacpp}
   * @param adapters what it is served with from the start
   * @param adapterFolder whose adapters may be loaded over HTTP, or null
   */
  public record ModelSettings(
      String name,
      List<String> aliases,
      Path file,
      String source,
      String engine,
      EngineSettings engineSettings,
      int replicas,
      List<Adapter> adapters,
      @Nullable Path adapterFolder) {

    public ModelSettings {
      aliases = List.copyOf(aliases);
      adapters = List.copyOf(adapters);
      for (Adapter adapter : adapters) {
        if (adapter.name().equals(name) || aliases.contains(adapter.name())) {
          throw new IllegalArgumentException(
              "the adapter '" + adapter.name() + "' has a name of the model; give it another");
        }
      }
    }

    /** A model without adapters. */
    public ModelSettings(
        String name,
        List<String> aliases,
        Path file,
        String engine,
        EngineSettings engineSettings) {
      this(name, aliases, file, file.toString(), engine, engineSettings, 0, List.of(), null);
    }

    ModelSpec spec() {
      return new ModelSpec(new ModelId(name), engine, source, engineSettings, replicas, adapters);
    }
  }

  public NodeSettings {
    allowedHosts = List.copyOf(allowedHosts);
    if (cluster.has(Role.GATEWAY) != (model != null)) {
      throw new IllegalArgumentException("a gateway has a model to serve, and no other node");
    }
  }
}
