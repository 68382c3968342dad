package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.InputTurns.Turn;
import io.sampo.engines.llamacpp.jni.NativeEmbedder;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.SequenceId;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of an engine that computes vectors, on its one thread: end what was cancelled, take a
 * batch of inputs from all requests, compute it in one native call, tell the listeners.
 *
 * <p>How a request ends exactly once: it is owned by the queue of arrivals until this thread takes
 * it, then by {@code running}; whoever removes it from there tells its listener. A submitter that
 * finds the loop ended takes its own request back out of the queue.
 */
final class EmbeddingLoop implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddingLoop.class);

  /** Nothing depends on this wake-up; it bounds what a lost signal could cost. */
  private static final long PARK_NANOS = Duration.ofSeconds(5).toNanos();

  private final NativeEmbedder embedder;
  private final boolean embeds;
  private final int maxRequests;
  private final InputTurns turns;
  private final Semaphore places;
  private final Queue<EmbeddingJob> arrivals;
  private final Map<SequenceId, EmbeddingJob> accepted = new ConcurrentHashMap<>();
  private final Set<EmbeddingJob> running = new LinkedHashSet<>();
  private final RateMeter rate = new RateMeter();
  private long inputTokens;
  private long batches;

  private volatile boolean closing;
  private volatile @Nullable EngineException ended;
  private volatile @Nullable Thread thread;
  private volatile EngineStats stats;

  EmbeddingLoop(NativeEmbedder embedder, EmbeddingChoice choice) {
    this.embedder = embedder;
    embeds = choice.task() == ModelTask.EMBED;
    maxRequests = choice.maxRequests();
    turns = new InputTurns(choice.batchTokens(), choice.maxInputs());
    places = new Semaphore(maxRequests);
    arrivals = new ArrayBlockingQueue<>(maxRequests);
    stats = snapshot();
  }

  // For any thread.

  void submit(EmbeddingJob job) {
    throwIfEnded();
    if (!places.tryAcquire()) {
      throw new EngineException(Kind.FULL, "all " + maxRequests + " requests are in use");
    }
    if (accepted.putIfAbsent(job.id(), job) != null) {
      places.release();
      throw new EngineException(Kind.INVALID_REQUEST, "there is already a " + job.id());
    }
    arrivals.add(job);
    if (ended != null && arrivals.remove(job)) {
      leave(job);
      throwIfEnded();
    }
    wake();
  }

  void cancel(SequenceId id) {
    EmbeddingJob job = accepted.get(id);
    if (job != null) {
      job.cancel();
      wake();
    }
  }

  EngineStats stats() {
    return stats;
  }

  /** Makes the loop end soon; whoever runs it waits for its thread. */
  void close() {
    closing = true;
    wake();
  }

  private void wake() {
    LockSupport.unpark(thread);
  }

  private void throwIfEnded() {
    EngineException reason = ended;
    if (reason != null) {
      throw new EngineException(reason.kind(), String.valueOf(reason.getMessage()), reason);
    }
  }

  // The engine's thread.

  @Override
  public void run() {
    thread = Thread.currentThread();
    try {
      while (!closing) {
        takeArrivals();
        endCancelled();
        List<Turn> batch = turns.next();
        if (batch.isEmpty()) {
          LockSupport.parkNanos(this, PARK_NANOS);
        } else {
          compute(batch);
        }
        stats = snapshot();
      }
      endAll(new EngineException(Kind.CLOSED, "the engine was closed"));
    } catch (RuntimeException | Error broken) {
      LOG.error("the engine broke: {}", String.valueOf(broken.getMessage()), broken);
      endAll(
          new EngineException(Kind.INTERNAL, "the engine broke and must be loaded again", broken));
    }
  }

  private void takeArrivals() {
    for (EmbeddingJob next = arrivals.poll(); next != null; next = arrivals.poll()) {
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
      closing = true;
      return;
    }
    rate.add(tokens, (System.nanoTime() - began) / 1e9);
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
    leave(job);
    // Whoever hears of the end may look at the statistics at once.
    stats = snapshot();
  }

  private void leave(EmbeddingJob job) {
    accepted.remove(job.id());
    places.release();
  }

  private void endAll(EngineException reason) {
    ended = reason;
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
        running.size() - begun + arrivals.size(),
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
        0);
  }
}
