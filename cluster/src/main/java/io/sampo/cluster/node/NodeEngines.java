package io.sampo.cluster.node;

import io.sampo.actors.replica.EngineLoader;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.wire.ModelId;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.EngineSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The engines of this node: the providers that are on the class path, loads under way, and what
 * must be closed at the end. How a model is loaded is this node's own matter first: its settings go
 * before those of the cluster, so that machines may differ.
 */
public final class NodeEngines implements EngineLoader {

  /** What would be loaded, and how. */
  private record Load(String engine, Path file, EngineSettings settings) {}

  private record Begun(Load load, CompletableFuture<Engine> engine) {}

  private final TreeMap<String, EngineProvider> providers = new TreeMap<>();
  private final EngineSettings own;
  private final ModelFiles files;
  private final ConcurrentHashMap<ModelId, Begun> begun = new ConcurrentHashMap<>();
  private final Set<Engine> open = ConcurrentHashMap.newKeySet();
  private volatile boolean ended;

  /**
   * @param own what this node says of itself
   * @param files finds what other nodes name
   */
  NodeEngines(EngineSettings own, ModelFiles files) {
    this.own = own;
    this.files = files;
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

  /** How this node would load a model for which the cluster says this. */
  EngineSettings effective(EngineSettings wanted) {
    return own.over(wanted);
  }

  /**
   * Begins a load before any replica asks for it, so that it overlaps with joining the cluster.
   *
   * @param file the model's file on this node
   * @return done when the load has ended, one way or the other; empty when it has failed
   */
  CompletableFuture<Optional<EngineCapabilities>> begin(ModelSpec spec, Path file) {
    Load load = new Load(spec.engine(), file, effective(spec.settings()));
    CompletableFuture<Engine> engine = new CompletableFuture<>();
    begun.put(spec.id(), new Begun(load, engine));
    run(spec.id(), engine, () -> load(load));
    return engine.handle((loaded, _) -> Optional.ofNullable(loaded).map(Engine::capabilities));
  }

  @Override
  public CompletionStage<Engine> load(ModelSpec spec) {
    CompletableFuture<Engine> engine = new CompletableFuture<>();
    Begun early = begun.remove(spec.id());
    if (early == null) {
      run(spec.id(), engine, () -> load(wanted(spec)));
      return engine;
    }
    Load same = new Load(spec.engine(), early.load.file(), effective(spec.settings()));
    if (early.load.equals(same)) {
      return early.engine;
    }
    run(
        spec.id(),
        engine,
        () -> {
          early
              .engine
              .handle((loaded, _) -> Optional.ofNullable(loaded))
              .join()
              .ifPresent(this::drop);
          return load(same);
        });
    return engine;
  }

  private void drop(Engine engine) {
    engine.close();
    open.remove(engine);
  }

  private Load wanted(ModelSpec spec) {
    return new Load(spec.engine(), find(spec), effective(spec.settings()));
  }

  private Path find(ModelSpec spec) {
    String name = spec.id().name();
    try {
      return provider(spec.engine()).simulated()
          ? Path.of(spec.source())
          : files.find(name, spec.source());
    } catch (IOException | RuntimeException absent) {
      // Tried again: a source that cannot be reached now may be reached later.
      throw new EngineException(
          EngineException.Kind.INTERNAL,
          "the model " + name + " cannot be had here: " + absent.getMessage());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new EngineException(EngineException.Kind.INTERNAL, "interrupted");
    }
  }

  private Engine load(Load load) {
    Engine engine = provider(load.engine()).load(load.file(), load.settings());
    keep(engine);
    return engine;
  }

  private static void run(ModelId model, CompletableFuture<Engine> engine, Supplier<Engine> load) {
    Thread.ofPlatform()
        // The threads that compute are begun here and take over the name.
        .name("engine-" + model)
        .daemon()
        .start(
            () -> {
              try {
                engine.complete(load.get());
              } catch (RuntimeException | Error failure) {
                engine.completeExceptionally(failure);
              }
            });
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
