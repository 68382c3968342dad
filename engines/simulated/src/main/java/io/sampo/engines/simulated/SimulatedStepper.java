package io.sampo.engines.simulated;

import io.sampo.engines.simulated.model.SimulatedModel;
import io.sampo.engines.simulated.model.SimulatedVocabulary;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.KvScope;
import io.sampo.engines.spi.TokenLogprobs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Continuous batching, step by step. A step is planned, then performed when its time has passed.
 * Each step generates for every sequence whose prompt is computed and whose limit allows it, and
 * beside that computes at most one chunk of prompt tokens, oldest sequence first; a sequence whose
 * prompt becomes whole generates in the same step.
 *
 * <p>Free of threads and clocks: the same calls give the same tokens in the same order.
 */
final class SimulatedStepper {

  /**
   * From {@link #plan}: there is nothing to do until a sequence comes, is allowed further or is
   * cancelled.
   */
  static final long NOTHING = -1;

  /** What a step leads to. */
  enum Outcome {
    /** The next step can be planned. */
    GOES_ON,
    /** As many tokens are generated as the option fail-after-tokens says. */
    BREAKS,
    /** As many tokens are generated as the option hang-after-tokens says. */
    HANGS
  }

  private final SimulatedModel model;
  private final SimulatedOptions options;
  private final StepCounters counters;
  private final Consumer<SimulatedSequence> onEnd;
  private final RetainedPrefixes retained;
  private final List<SimulatedSequence> running = new ArrayList<>();

  private long runningKvTokens;
  private int plannedPrefill;
  private int plannedDecode;
  private Outcome outcome = Outcome.GOES_ON;

  /**
   * @param onEnd hears of each sequence just before the sequence's own listener hears of its end
   */
  SimulatedStepper(
      SimulatedOptions options, StepCounters counters, Consumer<SimulatedSequence> onEnd) {
    this.options = options;
    this.counters = counters;
    this.onEnd = onEnd;
    model = new SimulatedModel(options.seed(), options.endProbability());
    retained = new RetainedPrefixes(options.retainedTokens());
  }

  void begin(SimulatedSequence sequence) {
    int cached = sequence.begin(model, retained);
    counters.began(sequence.promptTokens(), cached);
    running.add(sequence);
    holdMore(sequence.kvTokens());
    sequence.tellStarted(cached);
  }

  /**
   * Ends what was cancelled and chooses what the next step does.
   *
   * @return how long that step lasts in nanoseconds, or {@link #NOTHING}
   */
  long plan() {
    endCancelled();
    plannedPrefill = 0;
    plannedDecode = 0;
    for (SimulatedSequence sequence : running) {
      int chunk = Math.min(sequence.prefillLeft(), options.prefillChunkTokens() - plannedPrefill);
      sequence.plannedPrefill = chunk;
      sequence.plannedDecode = sequence.prefillLeft() == 0 && sequence.mayGenerate();
      plannedPrefill += chunk;
      plannedDecode += sequence.plannedDecode ? 1 : 0;
    }
    return plannedPrefill + plannedDecode == 0 ? NOTHING : (long) (prefillNanos() + decodeNanos());
  }

  /**
   * Performs the planned step, or that part of it after which the engine is to break or hang.
   *
   * @param nanos how long it lasted, for the measured rates
   */
  Outcome perform(long nanos) {
    outcome = Outcome.GOES_ON;
    long before = counters.generated();
    int ended = 0;
    for (int i = 0; i < running.size(); i++) {
      SimulatedSequence sequence = running.get(i);
      if (step(sequence)) {
        ended++;
      } else if (ended > 0) {
        running.set(i - ended, sequence);
      }
    }
    running.subList(running.size() - ended, running.size()).clear();
    counters.stepped(
        plannedPrefill,
        (int) (counters.generated() - before),
        plannedDecode,
        nanos,
        prefillShare());
    return outcome;
  }

  /**
   * The states of a text's first blocks that are held for a scope by what runs or has ended.
   *
   * @param count of how many at most
   */
  long[] held(KvScope scope, BlockTrail text, int count) {
    long[] held = retained.held(scope, text, count);
    for (SimulatedSequence sequence : running) {
      if (scope.shared() && sequence.scope().equals(scope)) {
        int common = common(sequence, text, count);
        held = common > held.length ? states(sequence.trail(), common) : held;
      }
    }
    return held;
  }

  private static int common(SimulatedSequence sequence, BlockTrail text, int count) {
    int computed = sequence.kvTokens() / RetainedPrefixes.BLOCK_TOKENS;
    int common = 0;
    while (common < Math.min(count, computed) && sequence.trail().key(common) == text.key(common)) {
      common++;
    }
    return common;
  }

  private static long[] states(BlockTrail trail, int count) {
    return IntStream.range(0, count).mapToLong(trail::state).toArray();
  }

  /** Holds the first blocks of a text for a scope, as of a sequence that has ended. */
  void retain(KvScope scope, BlockTrail text, int count) {
    retained.retain(scope, text, count);
    holdMore(0);
  }

  SimulatedModel model() {
    return model;
  }

  /** Fails all that runs. */
  void failAll(EngineException failure) {
    for (SimulatedSequence sequence : running) {
      giveBack(sequence);
      sequence.tellFailed(failure);
    }
    running.clear();
  }

  /** Does the sequence's part of the step; true when that ended it. */
  private boolean step(SimulatedSequence sequence) {
    if (sequence.cancelled() || outcome != Outcome.GOES_ON) {
      return false;
    }
    if (sequence.plannedPrefill > 0) {
      sequence.prefilled(sequence.plannedPrefill);
      holdMore(sequence.plannedPrefill);
      sequence.plannedDecode = sequence.prefillLeft() == 0 && sequence.mayGenerate();
    }
    return sequence.plannedDecode && generate(sequence);
  }

  /** Generates a step's tokens of one sequence; true when that ended it. */
  private boolean generate(SimulatedSequence sequence) {
    int first = sequence.nextIndex();
    int[] ids = new int[options.tokensPerStep()];
    TokenLogprobs @Nullable [] logprobs =
        sequence.sampling().topLogprobs() < 0 ? null : new TokenLogprobs[ids.length];
    int count = 0;
    boolean stops = false;
    while (count < ids.length && goesOn(sequence)) {
      int token = sequence.draw(model);
      stops = token == SimulatedVocabulary.END && !sequence.recites();
      if (stops) {
        break;
      }
      if (logprobs != null) {
        logprobs[count] = sequence.logprobs(token);
      }
      sequence.generated(token);
      ids[count++] = token;
      counters.generated(1);
      trip();
    }
    tell(sequence, first, ids, logprobs, count);
    if (stops) {
      finish(sequence, FinishReason.STOP);
    } else if (sequence.atEnd()) {
      finish(sequence, FinishReason.LENGTH);
    }
    return stops || sequence.atEnd();
  }

  private boolean goesOn(SimulatedSequence sequence) {
    return outcome == Outcome.GOES_ON && sequence.mayGenerate() && !sequence.atEnd();
  }

  private void tell(
      SimulatedSequence sequence,
      int first,
      int[] ids,
      TokenLogprobs @Nullable [] logprobs,
      int count) {
    if (count == 0) {
      return;
    }
    holdMore(count);
    boolean full = count == ids.length;
    sequence.tellTokens(
        first,
        full ? ids : Arrays.copyOf(ids, count),
        full || logprobs == null ? logprobs : Arrays.copyOf(logprobs, count));
  }

  private void trip() {
    long generated = counters.generated();
    if (generated == options.failAfterTokens()) {
      outcome = Outcome.BREAKS;
    } else if (generated == options.hangAfterTokens()) {
      outcome = Outcome.HANGS;
    }
  }

  private void endCancelled() {
    running.removeIf(
        sequence -> {
          if (sequence.cancelled()) {
            finish(sequence, FinishReason.CANCELLED);
          }
          return sequence.cancelled();
        });
  }

  private void finish(SimulatedSequence sequence, FinishReason reason) {
    sequence.retainIn(retained);
    giveBack(sequence);
    sequence.tellFinished(reason);
  }

  private void giveBack(SimulatedSequence sequence) {
    holdMore(-sequence.kvTokens());
    onEnd.accept(sequence);
  }

  private void holdMore(int tokens) {
    runningKvTokens += tokens;
    counters.holds(runningKvTokens, retained.tokens());
  }

  private double prefillNanos() {
    return options.profile().prefillNanos(plannedPrefill);
  }

  private double decodeNanos() {
    return options.profile().decodeNanos(plannedDecode);
  }

  /**
   * The part of the planned step's time that its prefill takes; by tokens where the profile takes
   * no time.
   */
  private double prefillShare() {
    double total = prefillNanos() + decodeNanos();
    return total > 0
        ? prefillNanos() / total
        : (double) plannedPrefill / (plannedPrefill + plannedDecode);
  }
}
