package io.sampo.kvcache.transfer;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What a fetcher knows of one other node: whose turn it is to fetch from it, its unused
 * connections, whether it is worth an attempt, how fast it was.
 */
final class Peer {

  private final FetcherSettings settings;
  private final Deadlines deadlines;
  private final Semaphore turns;
  private final AtomicInteger waiting = new AtomicInteger();
  private final Deque<Link> unused = new ArrayDeque<>();
  private final Circuit circuit;
  private final Speedometer speedometer = new Speedometer();
  private boolean forgotten;

  Peer(FetcherSettings settings, Deadlines deadlines) {
    this.settings = settings;
    this.deadlines = deadlines;
    turns = new Semaphore(settings.fetches(), true);
    circuit = new Circuit(settings.firstPause(), settings.longestPause());
  }

  /**
   * Waits for a turn; who got one calls {@link #leave}.
   *
   * @param due when to give up
   * @return null with a turn, else why there is none
   */
  @Nullable FetchEnd enter(long due) {
    if (bypassed()) {
      return FetchEnd.BYPASSED;
    }
    try {
      if (!turns.tryAcquire() && !awaitTurn(due)) {
        return FetchEnd.BUSY;
      }
    } catch (InterruptedException cancelled) {
      Thread.currentThread().interrupt();
      return FetchEnd.CANCELLED;
    }
    // Others had turns meanwhile, and may have found out that the peer is gone.
    if (!admit()) {
      turns.release();
      return FetchEnd.BYPASSED;
    }
    return null;
  }

  private boolean awaitTurn(long due) throws InterruptedException {
    try {
      return waiting.incrementAndGet() <= settings.waiting()
          && turns.tryAcquire(due - System.nanoTime(), TimeUnit.NANOSECONDS);
    } finally {
      waiting.decrementAndGet();
    }
  }

  synchronized boolean bypassed() {
    return circuit.bypasses(System.nanoTime());
  }

  private synchronized boolean admit() {
    return circuit.admits(System.nanoTime());
  }

  /**
   * Gives the turn back.
   *
   * @param blocks how many came; a deadline before the first of them speaks against the peer
   */
  void leave(FetchEnd end, int blocks) {
    synchronized (this) {
      if (end.peerFailed() || (end == FetchEnd.DEADLINE && blocks == 0)) {
        circuit.failed(System.nanoTime());
      } else if (end == FetchEnd.CANCELLED) {
        circuit.undecided();
      } else {
        circuit.succeeded();
      }
    }
    turns.release();
  }

  /** A connection that nobody uses; the one used last, since it is the likeliest to live. */
  synchronized @Nullable Link take() {
    Link link = unused.pollLast();
    while (link != null && !link.wake()) {
      link = unused.pollLast();
    }
    return link;
  }

  /** Keeps a connection for the next fetch. */
  void keep(Link link) {
    try {
      synchronized (this) {
        if (!forgotten) {
          link.rest(deadlines.in(settings.idle().toNanos(), () -> drop(link)));
          unused.addLast(link);
          return;
        }
      }
    } catch (RejectedExecutionException closed) {
      // Then nobody will use it again.
    }
    link.close();
  }

  private void drop(Link link) {
    synchronized (this) {
      unused.remove(link);
    }
    link.close();
  }

  /** Closes what is unused, now and later. */
  void forget() {
    synchronized (this) {
      forgotten = true;
    }
    for (Link link = take(); link != null; link = take()) {
      link.close();
    }
  }

  synchronized void answered(long nanos) {
    speedometer.answered(nanos, System.nanoTime());
  }

  synchronized void moved(long bytes, long nanos) {
    speedometer.moved(bytes, nanos, System.nanoTime());
  }

  synchronized @Nullable PeerSpeed speed() {
    return speedometer.speed(System.nanoTime());
  }
}
