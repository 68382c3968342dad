package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.Places;
import io.sampo.engines.spi.SequenceId;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The way into an engine: any thread submits a request where there is a place, the engine's thread
 * takes it from here.
 *
 * <p>How a request ends exactly once: it is owned by the queue of arrivals until the engine's
 * thread takes it, then by that thread, which lets it {@link #leave} and tells its listener. A
 * submitter that finds the entrance closed takes its own request back out of the queue.
 */
final class Entrance<R extends Entrance.Request> {

  /** Who comes in. */
  interface Request {

    SequenceId id();

    int priority();

    /** For any thread: is to end soon. */
    void cancel();
  }

  /** Its own lock. */
  private final Places places;

  private final Runnable wake;
  private final Queue<R> arrivals;
  private final Map<SequenceId, R> inside = new ConcurrentHashMap<>();
  private volatile @Nullable EngineException closed;

  /**
   * @param wake lets the engine's thread look at what has come
   */
  Entrance(Places places, Runnable wake) {
    this.places = places;
    this.wake = wake;
    arrivals = new ArrayBlockingQueue<>(2 * places.sequences());
  }

  // For any thread.

  /**
   * Takes a request in.
   *
   * @throws EngineException FULL, INVALID_REQUEST when its id is in use, or why it is closed
   */
  void submit(R request) {
    throwIfClosed();
    takePlace(request.priority());
    if (inside.putIfAbsent(request.id(), request) != null) {
      freePlace(request.priority());
      throw new EngineException(Kind.INVALID_REQUEST, "there is already a " + request.id());
    }
    arrivals.add(request);
    if (closed != null && arrivals.remove(request)) {
      leave(request);
      throwIfClosed();
    }
    wake.run();
  }

  private void takePlace(int priority) {
    synchronized (places) {
      if (!places.fits(priority)) {
        throw new EngineException(Kind.FULL, "all " + places.sequences() + " sequences are in use");
      }
      places.take(priority);
    }
  }

  private void freePlace(int priority) {
    synchronized (places) {
      places.free(priority);
    }
  }

  private void throwIfClosed() {
    EngineException reason = closed;
    if (reason != null) {
      throw new EngineException(reason.kind(), String.valueOf(reason.getMessage()), reason);
    }
  }

  void cancel(SequenceId id) {
    R request = inside.get(id);
    if (request != null) {
      request.cancel();
      wake.run();
    }
  }

  /** The request with this id, if it is inside. */
  @Nullable R find(SequenceId id) {
    return inside.get(id);
  }

  /** Why nobody comes in any more, or null. */
  @Nullable EngineException closed() {
    return closed;
  }

  /** How many have come and were not taken. */
  int waiting() {
    return arrivals.size();
  }

  // The engine's thread.

  /** The next one that has come, or null; it stays. */
  @Nullable R peek() {
    return arrivals.peek();
  }

  /** Takes the next one that has come, or null. */
  @Nullable R next() {
    return arrivals.poll();
  }

  boolean holds(R request) {
    return inside.containsKey(request.id());
  }

  /** Gives a request's place back. */
  void leave(R request) {
    inside.remove(request.id());
    freePlace(request.priority());
  }

  /** Lets nobody in any more; those inside still have to leave. */
  void close(EngineException reason) {
    closed = reason;
  }
}
