package io.sampo.ops.requests;

import io.sampo.actors.wire.ErrorCode;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * What became of the requests for one model since the gateway began. The bounds of the histograms
 * are vLLM's, so that its dashboards fit.
 */
public final class RequestStats {

  /** How an answer ended, in vLLM's words. */
  public enum Finish {
    /** The model's own end, a stop text, or calls of tools. */
    STOP,
    /** The token limit or the context's end. */
    LENGTH,
    /** The client left, the time was over, or there was no place. */
    ABORT,
    /** Something broke. */
    ERROR
  }

  private static final double[] REQUEST_SECONDS = {
    0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680
  };

  private static final long[] TOKENS = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000
  };

  private final Map<Finish, LongAdder> finished = new EnumMap<>(Finish.class);
  private final Map<ErrorCode, LongAdder> failed = new EnumMap<>(ErrorCode.class);
  private final LongAdder promptTokens = new LongAdder();
  private final LongAdder cachedTokens = new LongAdder();
  private final LongAdder generatedTokens = new LongAdder();

  /** From the arrival of a request to its first piece of text, in nanoseconds. */
  public final Histogram timeToFirstToken =
      Histogram.ofSeconds(
          0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20,
          40, 80, 160, 640, 2560);

  /** Between two pieces of an answer, in nanoseconds. */
  public final Histogram interTokenLatency =
      Histogram.ofSeconds(
          0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40,
          80);

  /** From arrival to end, in nanoseconds; as the next three. */
  public final Histogram endToEnd = Histogram.ofSeconds(REQUEST_SECONDS);

  /** From arrival to the moment a replica begins with the prompt. */
  public final Histogram queue = Histogram.ofSeconds(REQUEST_SECONDS);

  /** From there to the first piece. */
  public final Histogram prefill = Histogram.ofSeconds(REQUEST_SECONDS);

  /** From there to the end. */
  public final Histogram decode = Histogram.ofSeconds(REQUEST_SECONDS);

  /** Tokens of the prompts of each request. */
  public final Histogram promptLength = new Histogram(TOKENS);

  /** Tokens of the answers to each request. */
  public final Histogram answerLength = new Histogram(TOKENS);

  RequestStats() {
    for (Finish finish : Finish.values()) {
      finished.put(finish, new LongAdder());
    }
    for (ErrorCode code : ErrorCode.values()) {
      failed.put(code, new LongAdder());
    }
  }

  void finished(Finish finish) {
    adder(finished, finish).increment();
  }

  void failed(ErrorCode code) {
    adder(failed, code).increment();
  }

  void prompt(int tokens, int cached) {
    promptTokens.add(tokens);
    cachedTokens.add(cached);
    promptLength.record(tokens);
  }

  void generated(int tokens) {
    generatedTokens.add(tokens);
    answerLength.record(tokens);
  }

  public long count(Finish finish) {
    return adder(finished, finish).sum();
  }

  public long count(ErrorCode code) {
    return adder(failed, code).sum();
  }

  public long promptTokens() {
    return promptTokens.sum();
  }

  public long cachedTokens() {
    return cachedTokens.sum();
  }

  public long generatedTokens() {
    return generatedTokens.sum();
  }

  private static <K> LongAdder adder(Map<K, LongAdder> adders, K key) {
    LongAdder adder = adders.get(key);
    if (adder == null) {
      throw new IllegalStateException("every constant has a count: " + key);
    }
    return adder;
  }
}
