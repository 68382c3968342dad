package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.EmbeddingListener;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.FinishReason;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Keeps what an embedding request gives. */
final class RecordingVectors implements EmbeddingListener {

  private final Map<Integer, float[]> vectors = new TreeMap<>();
  private final CompletableFuture<FinishReason> end = new CompletableFuture<>();

  @Override
  public synchronized void onVector(int input, float[] vector) {
    if (vectors.put(input, vector) != null) {
      throw new AssertionError("input " + input + " has two vectors");
    }
  }

  @Override
  public void onFinished(FinishReason reason) {
    if (!end.complete(reason)) {
      throw new AssertionError("a second end: " + reason);
    }
  }

  @Override
  public void onFailed(EngineException failure) {
    if (!end.completeExceptionally(failure)) {
      throw new AssertionError("a second end", failure);
    }
  }

  FinishReason awaitEnd() {
    try {
      return end.orTimeout(60, TimeUnit.SECONDS).join();
    } catch (CompletionException failed) {
      throw failed.getCause() instanceof EngineException known ? known : failed;
    }
  }

  /** The vectors in the order of the inputs, once all are there. */
  synchronized float[][] all() {
    return vectors.values().toArray(float[][]::new);
  }
}
