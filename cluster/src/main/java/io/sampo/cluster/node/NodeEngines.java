package io.sampo.cluster.node;

import io.sampo.actors.replica.EngineLoader;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineProvider;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The engines of this node: the providers that are on the class path, loads under way, and what
 * must be closed at the end.
 */
public final class NodeEngines implements EngineLoader {

  private final TreeMap<String, EngineProvider> providers = new TreeMap<>();
  private final ConcurrentHashMap<ModelSpec, CompletableFuture<Engine>> begun =
      new ConcurrentHashMap<>();
  private final Set<Engine> open = ConcurrentHashMap.newKeySet();
  private volatile boolean ended;

  public NodeEngines() {
    ServiceLoader.load(EngineProvider.class)
        .forEach(provider -> providers.put(provider.name(), provider));
  }

  /**
   * Finds an engine's provider.
   *
   * @throws IllegalArgumentException when there is none of this name; the message lists the names
   *     there are
   */
  public EngineProvider provider(String name) {
    EngineProvider provider = providers.get(name);
    if (provider == null) {
      throw new IllegalArgumentException(
          "no engine is called '"
              + name
              + "'; there are: "
              + String.join(", ", providers.keySet()));
    }
    return provider;
  }

  /**
   * Begins a load before any replica asks for it, so that it overlaps with joining the cluster.
   *
   * @return done when the load has ended, one way or the other; empty when it has failed
   */
  CompletableFuture<Optional<EngineCapabilities>> begin(ModelSpec spec) {
    return begun
        .computeIfAbsent(spec, this::start)
        .handle((engine, failure) -> Optional.ofNullable(engine).map(Engine::capabilities));
  }

  @Override
  public CompletionStage<Engine> load(ModelSpec spec) {
    CompletableFuture<Engine> early = begun.remove(spec);
    return early == null ? start(spec) : early;
  }

  private CompletableFuture<Engine> start(ModelSpec spec) {
    CompletableFuture<Engine> loading = new CompletableFuture<>();
    Thread.ofPlatform()
        // The threads that compute are begun here and take over the name.
        .name("engine-" + spec.id())
        .daemon()
        .start(
            () -> {
              try {
                Engine engine = provider(spec.engine()).load(Path.of(spec.file()), spec.settings());
                keep(engine);
                loading.complete(engine);
              } catch (RuntimeException | Error failure) {
                loading.completeExceptionally(failure);
              }
            });
    return loading;
  }

  /** An engine that was loaded after the end is closed at once. */
  private void keep(Engine engine) {
    open.add(engine);
    if (ended) {
      engine.close();
    }
  }

  /**
   * Closes every engine, the ones that replicas have closed once more. Blocks; native code must not
   * run when the JVM exits.
   */
  void closeAll() {
    ended = true;
    open.forEach(Engine::close);
    open.clear();
  }
}
