package io.sampo.actors.replica;

import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EmbeddingListener;
import io.sampo.engines.spi.EmbeddingRequest;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.KvBlocks;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** The simulated engine with adapters that change nothing. */
record AdaptingEngine(Engine engine, Consumer<Adapter> loads) implements Engine {

  @Override
  public CompletionStage<Void> loadAdapter(Adapter adapter) {
    loads.accept(adapter);
    return CompletableFuture.completedStage(null);
  }

  @Override
  public EngineCapabilities capabilities() {
    return engine.capabilities();
  }

  @Override
  public void submit(SequenceRequest request, SequenceListener listener) {
    engine.submit(request, listener);
  }

  @Override
  public void embed(EmbeddingRequest request, EmbeddingListener listener) {
    engine.embed(request, listener);
  }

  @Override
  public void allow(SequenceId sequence, int tokenLimit) {
    engine.allow(sequence, tokenLimit);
  }

  @Override
  public void cancel(SequenceId sequence) {
    engine.cancel(sequence);
  }

  @Override
  public KvBlocks kvBlocks() {
    return engine.kvBlocks();
  }

  @Override
  public EngineStats stats() {
    return engine.stats();
  }

  @Override
  public void close() {
    engine.close();
  }
}
