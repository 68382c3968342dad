package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeAdapter;
import io.sampo.engines.llamacpp.jni.NativeContext;
import io.sampo.engines.llamacpp.jni.NativeModel;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The adapters of an engine. llama.cpp reads a model's list of adapters while it computes, so they
 * are loaded and freed between two steps, by the engine's thread; other threads leave it orders.
 *
 * <p>An adapter that is let go of is unknown at once; its weights are freed when its last sequence
 * has ended.
 */
final class Adapters implements AutoCloseable {

  /** llama.cpp plans memory for all loaded adapters at each change between them. */
  static final int MOST = 32;

  private record Order(Adapter adapter, CompletableFuture<Void> done) {}

  private final NativeModel model;
  private final NativeContext context;
  private final Consumer<LoadedAdapter> forget;
  private final Runnable wake;

  private final Map<String, LoadedAdapter> named = new ConcurrentHashMap<>();
  private final Map<LoadedAdapter, CompletableFuture<Void>> leaving = new ConcurrentHashMap<>();
  private final Queue<Order> orders = new ArrayBlockingQueue<>(MOST);
  private volatile @Nullable EngineException ended;

  private final Map<LoadedAdapter, NativeAdapter> weights = new HashMap<>();
  private @Nullable LoadedAdapter inUse;

  /**
   * An engine's adapters, none at first.
   *
   * @param forget gives up what is cached of an adapter that is freed
   * @param wake lets the engine's thread look at its orders
   */
  Adapters(
      NativeModel model, NativeContext context, Consumer<LoadedAdapter> forget, Runnable wake) {
    this.model = model;
    this.context = context;
    this.forget = forget;
    this.wake = wake;
  }

  // For any thread.

  /** Loads a file that was checked. */
  CompletionStage<Void> load(Adapter adapter) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    if (!orders.offer(new Order(adapter, done))) {
      done.completeExceptionally(
          new EngineException(Kind.FULL, "too many adapters are being loaded"));
    }
    told();
    return done;
  }

  CompletionStage<Void> unload(String name) {
    LoadedAdapter adapter = named.remove(name);
    if (adapter == null) {
      return CompletableFuture.completedStage(null);
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    adapter.retire();
    leaving.put(adapter, done);
    told();
    return done;
  }

  private void told() {
    EngineException reason = ended;
    if (reason != null) {
      refuseAll(reason);
    }
    wake.run();
  }

  private void refuseAll(EngineException reason) {
    for (Order next = orders.poll(); next != null; next = orders.poll()) {
      next.done.completeExceptionally(reason);
    }
    leaving.values().forEach(done -> done.completeExceptionally(reason));
  }

  /**
   * The adapter of a name, entered by a sequence that is about to use it.
   *
   * @throws EngineException INVALID_REQUEST when there is none
   */
  void enter(String name, Sequence sequence) {
    LoadedAdapter adapter = named.get(name);
    if (adapter == null || !adapter.enter(sequence)) {
      throw new EngineException(Kind.INVALID_REQUEST, "the adapter '" + name + "' is not loaded");
    }
    sequence.use(adapter);
  }

  // The engine's thread.

  /** Does what was ordered, and frees what nobody uses any more. */
  void takeOrders() {
    for (Order next = orders.poll(); next != null; next = orders.poll()) {
      try {
        loadNow(next.adapter);
        next.done.complete(null);
      } catch (EngineException refused) {
        next.done.completeExceptionally(refused);
      }
    }
    if (!leaving.isEmpty()) {
      leaving.entrySet().removeIf(entry -> freed(entry.getKey(), entry.getValue()));
    }
  }

  private void loadNow(Adapter adapter) {
    if (named.containsKey(adapter.name())) {
      throw new EngineException(
          Kind.INVALID_REQUEST, "the adapter '" + adapter.name() + "' is loaded already");
    }
    if (weights.size() >= MOST) {
      throw new EngineException(
          Kind.INVALID_REQUEST, "there are " + MOST + " adapters already; unload one first");
    }
    LoadedAdapter loaded = new LoadedAdapter(adapter.name());
    weights.put(loaded, NativeAdapter.load(model, Path.of(adapter.file()), adapter.scale()));
    named.put(adapter.name(), loaded);
  }

  private boolean freed(LoadedAdapter adapter, CompletableFuture<Void> done) {
    if (!adapter.over()) {
      return false;
    }
    forget.accept(adapter);
    if (adapter.equals(inUse)) {
      use(null);
    }
    NativeAdapter unused = weights.remove(adapter);
    if (unused != null) {
      unused.close();
    }
    done.complete(null);
    return true;
  }

  /** Makes the next steps compute with an adapter, or with the model alone. */
  void use(@Nullable LoadedAdapter adapter) {
    if (adapter != inUse) {
      context.use(adapter == null ? null : weights.get(adapter));
      inUse = adapter;
    }
  }

  /** The engine has ended: nothing is loaded any more. */
  void end(EngineException reason) {
    ended = reason;
    refuseAll(reason);
  }

  /** Frees all weights; after the context, before the model. */
  @Override
  public void close() {
    weights.values().forEach(NativeAdapter::close);
    weights.clear();
  }
}
