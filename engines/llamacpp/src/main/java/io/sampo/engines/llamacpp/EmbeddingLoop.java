package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.InputTurns.Turn;
import io.sampo.engines.llamacpp.jni.NativeEmbedder;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.Places;
import io.sampo.engines.spi.SequenceId;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of an engine that computes vectors, on its one thread: end what was cancelled, take a
 * batch of inputs from all requests, compute it in one native call, tell the listeners.
 */
final class EmbeddingLoop implements EngineThread.Work {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddingLoop.class);

  private final EngineThread thread;
  private final NativeEmbedder embedder;
  private final boolean embeds;
  private final InputTurns turns;
  private final Entrance<EmbeddingJob> entrance;
  private final Set<EmbeddingJob> running = new LinkedHashSet<>();
  private final RateMeter rate = new RateMeter();
  private long inputTokens;
  private long batches;
  private long batchNanos;
  private volatile EngineStats stats;

  /**
   * @param thread what it is to run on
   */
  EmbeddingLoop(EngineThread thread, NativeEmbedder embedder, EmbeddingChoice choice) {
    this.thread = thread;
    this.embedder = embedder;
    embeds = choice.task() == ModelTask.EMBED;
    turns = new InputTurns(choice.batchTokens(), choice.maxInputs());
    entrance = new Entrance<>(new Places(choice.maxRequests(), false), thread::wake);
    stats = snapshot();
  }

  // For any thread.

  void submit(EmbeddingJob job) {
    entrance.submit(job);
  }

  void cancel(SequenceId id) {
    entrance.cancel(id);
  }

  EngineStats stats() {
    return stats;
  }

  // The engine's thread.

  @Override
  public boolean turn() {
    takeArrivals();
    endCancelled();
    List<Turn> batch = turns.next();
    if (!batch.isEmpty()) {
      compute(batch);
    }
    stats = snapshot();
    return !batch.isEmpty();
  }

  private void takeArrivals() {
    for (EmbeddingJob next = entrance.next(); next != null; next = entrance.next()) {
      running.add(next);
      turns.arrive(next);
    }
  }

  private void endCancelled() {
    for (EmbeddingJob job : turns.waiting()) {
      if (job.cancelled()) {
        turns.remove(job);
        finish(job, FinishReason.CANCELLED);
      }
    }
  }

  private void compute(List<Turn> batch) {
    embedder.clear();
    int tokens = 0;
    for (Turn turn : batch) {
      embedder.add(turn.job().request.ids(), turn.from(), turn.length());
      tokens += turn.length();
    }
    long began = System.nanoTime();
    if (!embedder.compute()) {
      thread.stop();
      return;
    }
    long nanos = System.nanoTime() - began;
    rate.add(tokens, nanos / 1e9);
    batchNanos += nanos;
    inputTokens += tokens;
    batches++;
    for (int i = 0; i < batch.size(); i++) {
      tell(batch.get(i), embedder.vector(i));
    }
  }

  private void tell(Turn turn, float[] vector) {
    EmbeddingJob job = turn.job();
    if (!running.contains(job)) {
      return;
    }
    if (!finite(vector)) {
      turns.remove(job);
      fail(job, new EngineException(Kind.INVALID_REQUEST, "the model gives no finite vector"));
      return;
    }
    try {
      job.listener.onVector(turn.input(), embeds ? normalized(vector) : vector);
    } catch (RuntimeException broken) {
      LOG.error("the listener of {} threw; the request ends", job.id(), broken);
      turns.remove(job);
      fail(job, new EngineException(Kind.INTERNAL, "the listener threw", broken));
      return;
    }
    // The last input was taken last, and a batch is told in the order it was taken in.
    if (turn.input() == job.request.lengths().length - 1) {
      finish(job, FinishReason.STOP);
    }
  }

  private static boolean finite(float[] vector) {
    for (float value : vector) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  /** Scaled to length 1, as llama-server does; zero stays zero. */
  private static float[] normalized(float[] vector) {
    double sum = 0;
    for (float value : vector) {
      sum += (double) value * value;
    }
    float scale = sum > 0 ? (float) (1 / Math.sqrt(sum)) : 0;
    for (int i = 0; i < vector.length; i++) {
      vector[i] *= scale;
    }
    return vector;
  }

  private void finish(EmbeddingJob job, FinishReason reason) {
    release(job);
    try {
      job.listener.onFinished(reason);
    } catch (RuntimeException broken) {
      LOG.error("the listener of {} threw at its end", job.id(), broken);
    }
  }

  private void fail(EmbeddingJob job, EngineException failure) {
    release(job);
    try {
      job.listener.onFailed(failure);
    } catch (RuntimeException broken) {
      LOG.error("the listener of {} threw at its end", job.id(), broken);
    }
  }

  private void release(EmbeddingJob job) {
    running.remove(job);
    entrance.leave(job);
    // Whoever hears of the end may look at the statistics at once.
    stats = snapshot();
  }

  @Override
  public void end(EngineException reason) {
    entrance.close(reason);
    takeArrivals();
    for (EmbeddingJob job : List.copyOf(running)) {
      fail(job, reason);
    }
    stats = snapshot();
  }

  private EngineStats snapshot() {
    int begun = (int) running.stream().filter(EmbeddingJob::hasBegun).count();
    return new EngineStats(
        begun,
        running.size() - begun + entrance.waiting(),
        0,
        0,
        0,
        rate.tokensPerSecond(),
        0,
        inputTokens,
        0,
        0,
        0,
        0,
        batches,
        0,
        inputTokens,
        0,
        batchNanos);
  }
}
