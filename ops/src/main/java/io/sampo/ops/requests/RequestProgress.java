package io.sampo.ops.requests;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.ops.requests.RequestStats.Finish;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * One request as figures, from its arrival to its end. It is told what happens by one thread at a
 * time and read by any.
 *
 * <p>Invariant: it ends once; what it is told after that is not counted.
 */
public final class RequestProgress {

  /** Where a request stands. */
  public enum Phase {
    /** It waits for a replica, or its prompt is being prepared. */
    QUEUED,
    /** A replica computes its prompt. */
    PREFILL,
    /** Its answer is coming. */
    DECODE,
    /** It is over. */
    ENDED
  }

  private final RequestNames names;
  private final RequestStats stats;
  private final Consumer<RequestProgress> atTheEnd;
  private final long begunNanos;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicInteger pieces = new AtomicInteger();

  /** When the latest piece of each answer came; 0 before its first. */
  private final long[] latestNanos;

  private volatile Consumer<Failure> canceller = _ -> {};
  private volatile Phase phase = Phase.QUEUED;
  private volatile String replica = "";
  private volatile int promptTokens;
  private volatile int cachedTokens;
  private volatile int answerTokens;
  private volatile long startedNanos;
  private volatile long firstNanos;
  private volatile long endedNanos;
  private volatile String finish = "";

  /**
   * @param answers how many answers there will be
   * @param atTheEnd is given this request once
   */
  RequestProgress(
      RequestNames names,
      int answers,
      RequestStats stats,
      long begunNanos,
      Consumer<RequestProgress> atTheEnd) {
    this.names = names;
    this.stats = stats;
    this.begunNanos = begunNanos;
    this.atTheEnd = atTheEnd;
    this.latestNanos = new long[answers];
  }

  /** Says how it is ended from outside. */
  public void cancelledBy(Consumer<Failure> canceller) {
    this.canceller = canceller;
  }

  /** Ends the request for an operator. */
  void cancel(Failure failure) {
    canceller.accept(failure);
  }

  /** A replica has begun with it. */
  public void started(int prompt, int cached, String atReplica, long nowNanos) {
    startedNanos = nowNanos;
    promptTokens = prompt;
    cachedTokens = cached;
    replica = atReplica;
    phase = Phase.PREFILL;
    stats.queue.record(nowNanos - begunNanos);
  }

  /** A piece of an answer is there. This is the way of every token. */
  public void piece(int answer, long nowNanos) {
    long latest = latestNanos[answer];
    latestNanos[answer] = nowNanos;
    pieces.lazySet(pieces.getPlain() + 1);
    if (latest != 0) {
      stats.interTokenLatency.record(nowNanos - latest);
    } else if (firstNanos == 0) {
      first(nowNanos);
    }
  }

  private void first(long nowNanos) {
    firstNanos = nowNanos;
    phase = Phase.DECODE;
    stats.timeToFirstToken.record(nowNanos - begunNanos);
    if (startedNanos != 0) {
      stats.prefill.record(nowNanos - startedNanos);
    }
  }

  /** One of its answers has ended by itself. */
  public void answered(boolean atTheLimit) {
    finish = atTheLimit ? "length" : "stop";
    stats.finished(atTheLimit ? Finish.LENGTH : Finish.STOP);
  }

  /** All of it is there. */
  public void completed(int prompt, int cached, int generated, long nowNanos) {
    if (ended.compareAndSet(false, true)) {
      promptTokens = prompt;
      cachedTokens = cached;
      answerTokens = generated;
      if (firstNanos != 0) {
        stats.decode.record(nowNanos - firstNanos);
      }
      end(nowNanos);
    }
  }

  /** It has failed, whoever is to blame. */
  public void failed(ErrorCode code, long nowNanos) {
    if (ended.compareAndSet(false, true)) {
      finish = code.kind() == ErrorCode.Kind.INTERNAL ? "error" : "abort";
      stats.failed(code);
      stats.finished(code.kind() == ErrorCode.Kind.INTERNAL ? Finish.ERROR : Finish.ABORT);
      answerTokens = pieces.get();
      end(nowNanos);
    }
  }

  /** Nothing comes any more; where no end was told before, the client has left. */
  public void over(long nowNanos) {
    if (ended.compareAndSet(false, true)) {
      finish = "abort";
      stats.finished(Finish.ABORT);
      answerTokens = pieces.get();
      end(nowNanos);
    }
  }

  private void end(long nowNanos) {
    endedNanos = nowNanos;
    phase = Phase.ENDED;
    if (startedNanos != 0 || promptTokens > 0) {
      stats.prompt(promptTokens, cachedTokens);
      stats.generated(answerTokens);
    }
    stats.endToEnd.record(nowNanos - begunNanos);
    atTheEnd.accept(this);
  }

  public RequestNames names() {
    return names;
  }

  public Phase phase() {
    return phase;
  }

  /** The replica that began with it; empty before. */
  public String replica() {
    return replica;
  }

  public int promptTokens() {
    return promptTokens;
  }

  public int cachedTokens() {
    return cachedTokens;
  }

  /** Tokens of its answers: pieces told while it runs, all of them once it has ended by itself. */
  public int answerTokens() {
    return phase == Phase.ENDED ? answerTokens : pieces.get();
  }

  /** How the last of its answers ended, in vLLM's words; empty before. */
  public String finish() {
    return finish;
  }

  public long ageMillis(long nowNanos) {
    return (nowNanos - begunNanos) / 1_000_000;
  }

  /** From its arrival to its first piece; -1 before that. */
  public double timeToFirstTokenMillis() {
    return firstNanos == 0 ? -1 : (firstNanos - begunNanos) / 1e6;
  }

  /** Between two pieces, on average over all its answers; -1 where there are none. */
  public double interTokenMillis(long nowNanos) {
    long until = endedNanos == 0 ? nowNanos : endedNanos;
    int gaps = pieces.get() - 1;
    return firstNanos == 0 || gaps < 1 ? -1 : (until - firstNanos) / 1e6 / gaps;
  }
}
