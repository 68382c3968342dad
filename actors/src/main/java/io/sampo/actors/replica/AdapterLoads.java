package io.sampo.actors.replica;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How engines are given adapters: a fresh one all that it is wanted with, before anybody may use
 * it.
 */
final class AdapterLoads {

  private static final Logger LOG = LoggerFactory.getLogger(AdapterLoads.class);

  private AdapterLoads() {}

  /**
   * Loads all adapters, one after the other.
   *
   * @param strict whether one that cannot be loaded makes the engine useless, as it does at the
   *     first start; later the engine goes on without it
   */
  static CompletionStage<Engine> into(Engine engine, List<Adapter> adapters, boolean strict) {
    CompletionStage<Void> all = CompletableFuture.completedStage(null);
    for (Adapter adapter : adapters) {
      all = all.thenCompose(_ -> one(engine, adapter, strict));
    }
    return all.handle(
        (_, failure) -> {
          if (failure != null) {
            Thread.ofVirtual().start(engine::close);
            throw new CompletionException(exception(failure));
          }
          return engine;
        });
  }

  private static CompletionStage<Void> one(Engine engine, Adapter adapter, boolean strict) {
    CompletionStage<Void> loaded = engine.loadAdapter(adapter);
    return strict
        ? loaded
        : loaded.exceptionally(
            failure -> {
              LOG.error("goes on without {}", adapter.name(), failure);
              return null;
            });
  }

  /** Why an engine that runs did not load one, for who asked for it. */
  static Failure failure(EngineException refused) {
    return switch (refused.kind()) {
      case MODEL_REJECTED, INVALID_REQUEST ->
          Failure.invalidValue("lora_path", String.valueOf(refused.getMessage()));
      case FULL, OUT_OF_MEMORY, CLOSED, INTERNAL -> notReady();
    };
  }

  static Failure notReady() {
    return Failure.unavailable(ErrorCode.NO_CAPACITY, 1);
  }

  /** What an engine or its loader said, out of the wrappings of stages. */
  static EngineException exception(@Nullable Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof EngineException known
        ? known
        : new EngineException(EngineException.Kind.INTERNAL, "loading failed: " + cause, cause);
  }
}
