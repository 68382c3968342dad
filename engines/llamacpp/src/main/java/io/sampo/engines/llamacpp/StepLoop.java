package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeContext;
import io.sampo.engines.llamacpp.jni.NativeModel;
import io.sampo.engines.llamacpp.jni.NativeSampler;
import io.sampo.engines.llamacpp.speculation.Speculation;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Places;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.TokenLogprobs;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of an engine, on its one thread. Each turn: end what was cancelled, begin what can
 * begin, plan a step, compute it in one native call, tell the listeners.
 *
 * <p>When a native step fails nothing is known of the context any more: all sequences fail with
 * INTERNAL and so does every later submit.
 */
final class StepLoop implements EngineThread.Work {

  /** How the native context is used. */
  record Mode(PrefixCache.Bounds bounds, StepPlanner.Rules rules, Speculation speculation) {}

  private static final Logger LOG = LoggerFactory.getLogger(StepLoop.class);

  /** Statistics are as old as this at most; a snapshot for each token would be a heap of them. */
  private static final long TELL_NANOS = Duration.ofMillis(10).toNanos();

  private final EngineThread thread;
  private final NativeModel model;
  private final NativeContext context;
  private final EngineCapabilities capabilities;
  private final BitSet endTokens = new BitSet();
  private final NativeRows rows;
  private final Lineup lineup;
  private final Adapters adapters;
  private final long totalCells;
  private final Entrance<Sequence> entrance;
  private final Sequence[] chosenFor;
  private final int[] firstResults;
  private final StepCounters counters = new StepCounters();
  private final BlockExchange blocks;

  private volatile EngineStats stats;
  private long toldNanos;
  private boolean hasOrdinaryPages = true;

  /**
   * @param thread what it is to run on
   */
  StepLoop(
      EngineThread thread,
      NativeModel model,
      NativeContext context,
      EngineCapabilities capabilities,
      Mode mode) {
    this.thread = thread;
    this.model = model;
    this.context = context;
    this.capabilities = capabilities;
    for (int token : model.endTokens()) {
      endTokens.set(token);
    }
    int count = capabilities.maxSequences();
    rows = new NativeRows(context);
    lineup = new Lineup(count, mode.bounds, mode.rules, mode.speculation, rows);
    adapters = new Adapters(model, context, this::forget, thread::wake);
    totalCells = mode.bounds.totalCells();
    entrance = new Entrance<>(new Places(count, capabilities.preempts()), thread::wake);
    chosenFor = new Sequence[count];
    blocks =
        new BlockExchange(
            context,
            lineup.cache(),
            NativeContext.MAX_SEQUENCES - 1,
            capabilities.kvBytesPerToken(),
            () -> stats = snapshot());
    firstResults = new int[count];
    stats = snapshot();
  }

  // For any thread.

  void submit(Sequence sequence) {
    sequence.awaitImports(blocks.importsAsked());
    entrance.submit(sequence);
  }

  void allow(SequenceId id, int tokenLimit) {
    Sequence sequence = entrance.find(id);
    if (sequence != null) {
      sequence.allow(tokenLimit);
      thread.wake();
    }
  }

  void cancel(SequenceId id) {
    entrance.cancel(id);
  }

  /** Hands over blocks to move. */
  void exchange(Consumer<BlockExchange> task) {
    task.accept(blocks);
    EngineException reason = entrance.closed();
    if (reason != null) {
      blocks.failWaiting(reason);
    }
    thread.wake();
  }

  EngineStats stats() {
    return stats;
  }

  Adapters adapters() {
    return adapters;
  }

  // The engine's thread.

  @Override
  public boolean turn() {
    takeArrivals();
    endCancelled(lineup.waiting());
    endCancelled(lineup.running());
    adapters.takeOrders();
    beginNext();
    boolean worked = step();
    worked |= !thread.stopping() && blocks.turn();
    worked |= hasOrdinaryPages && useHugePage();
    long now = System.nanoTime();
    if (!worked || now - toldNanos >= TELL_NANOS) {
      stats = snapshot();
      toldNanos = now;
    }
    return worked;
  }

  /** A piece in each turn, once the engine has shown that it works: nobody's start waits for it. */
  private boolean useHugePage() {
    if (counters.steps() == 0 || thread.stopping()) {
      return false;
    }
    hasOrdinaryPages = context.collapseNext();
    return hasOrdinaryPages;
  }

  private void takeArrivals() {
    for (Sequence first = entrance.peek(); mayArrive(first); first = entrance.peek()) {
      Sequence next = entrance.next();
      if (next != null) {
        lineup.arrive(next);
      }
    }
  }

  /** Whether somebody has come whose KV is not being brought any more. */
  private boolean mayArrive(@Nullable Sequence first) {
    return first != null && first.awaitedImports() <= blocks.importsEnded();
  }

  private void endCancelled(List<Sequence> sequences) {
    for (int i = sequences.size() - 1; i >= 0; i--) {
      Sequence sequence = sequences.get(i);
      if (sequence.cancelled()) {
        if (!sequence.hasBegun()) {
          tellStarted(sequence, 0);
        }
        finish(sequence, FinishReason.CANCELLED);
      }
    }
  }

  private void forget(LoadedAdapter adapter) {
    lineup.forget(adapter);
    stats = snapshot();
  }

  private void beginNext() {
    for (Sequence next = lineup.beginNext(); next != null; next = lineup.beginNext()) {
      if (next.hasSampler()) {
        continue;
      }
      int[] prompt = next.request.promptIds();
      next.chooseBy(
          new NativeSampler(
              model,
              next.request.sampling(),
              prompt,
              next.request.answered(),
              next.request.recited(),
              capabilities.contextTokens()));
      counters.began(prompt.length, next.computed());
      stats = snapshot();
      tellStarted(next, next.computed());
    }
  }

  /** Computes one step; false when there was nothing to compute. */
  private boolean step() {
    int total = lineup.plan();
    if (total == 0) {
      return false;
    }
    rows.fill(lineup);
    long began = System.nanoTime();
    adapters.use(lineup.adapter());
    switch (context.step()) {
      case DONE -> {
        long nanos = System.nanoTime() - began;
        takeResults(total, nanos);
      }
      case NO_ROOM -> throw new IllegalStateException("the cells are not what was counted");
      case INTERRUPTED -> thread.stop();
    }
    return true;
  }

  private void takeResults(int rows, long nanos) {
    // Sequences that end here leave the list, so those that get a token are noted before, in the
    // order of their rows.
    int answers = noteChosen(0, true);
    int all = noteChosen(answers, false);
    lineup.computed(nanos);
    settleDrafts(all);
    counters.stepped(rows, answers, nanos);
    for (int i = 0; i < all; i++) {
      take(chosenFor[i], firstResults[i]);
    }
  }

  /** What was computed becomes true of every sequence before anybody hears of any. */
  private void settleDrafts(int all) {
    int result = 0;
    for (int i = 0; i < all; i++) {
      int drafted = chosenFor[i].draftedTokens();
      int stood = 0;
      while (stood < drafted && context.chosen(result + stood + 1) != NativeContext.NOT_CHOSEN) {
        stood++;
      }
      if (chosenFor[i].recitedTokens() == 0) {
        counters.drafted(drafted, stood);
      }
      firstResults[i] = result;
      lineup.settle(chosenFor[i], stood, context.chosen(result + stood));
      result += 1 + drafted;
    }
  }

  private int noteChosen(int count, boolean answers) {
    int noted = count;
    List<Sequence> running = lineup.running();
    for (int i = 0; i < running.size(); i++) {
      Sequence sequence = running.get(i);
      int rows = lineup.rows(i);
      boolean complete = rows > 0 && sequence.computed() + rows >= sequence.length();
      if (complete && sequence.answers() == answers) {
        chosenFor[noted++] = sequence;
      }
    }
    return noted;
  }

  /** Takes what was chosen: drafted tokens that stood, which the sequence has already, and one. */
  private void take(Sequence sequence, int result) {
    int stood = sequence.draft().accepted();
    int last = context.chosen(result + stood);
    boolean goesOn = last >= 0 && (sequence.recitedTokens() > 0 || !endTokens.get(last));
    if (goesOn) {
      sequence.append(last);
    }
    int count = goesOn ? stood + 1 : stood;
    if (count > 0) {
      counters.generated(Math.clamp(sequence.nextIndex(), 0, count));
      tellTokens(sequence, count, logprobs(sequence, result, count));
    }
    if (!entrance.holds(sequence)) {
      return;
    }
    if (last < 0) {
      fail(sequence, impossible(sequence));
    } else if (goesOn) {
      endAtLimit(sequence);
    } else {
      finish(sequence, FinishReason.STOP);
    }
  }

  private static EngineException impossible(Sequence sequence) {
    return sequence.request.sampling().grammar() == null
        ? new EngineException(Kind.INTERNAL, "no token was possible")
        : new EngineException(
            Kind.INVALID_REQUEST, "the grammar leads where no token of this model can follow");
  }

  private TokenLogprobs @Nullable [] logprobs(Sequence sequence, int result, int count) {
    int top = Math.min(sequence.sampling().topLogprobs(), capabilities.vocabularySize());
    if (top < 0) {
      return null;
    }
    TokenLogprobs[] logprobs = new TokenLogprobs[count];
    for (int i = 0; i < count; i++) {
      logprobs[i] = context.logprobs(result + i, top);
    }
    return logprobs;
  }

  private void endAtLimit(Sequence sequence) {
    boolean atLimit =
        sequence.nextIndex() == sequence.request.maxTokens()
            || sequence.length() == capabilities.contextTokens();
    if (atLimit) {
      finish(sequence, FinishReason.LENGTH);
    }
  }

  private void finish(Sequence sequence, FinishReason reason) {
    release(sequence);
    try {
      sequence.listener.onFinished(reason);
    } catch (RuntimeException broken) {
      listenerBroke(sequence, broken);
    }
  }

  private void fail(Sequence sequence, EngineException failure) {
    release(sequence);
    tellFailed(sequence, failure);
  }

  private void release(Sequence sequence) {
    if (entrance.closed() == null) {
      lineup.leave(sequence);
    } else {
      lineup.abandon(sequence);
    }
    sequence.end();
    leave(sequence);
    // Whoever hears of the end may look at the statistics at once.
    stats = snapshot();
  }

  private void leave(Sequence sequence) {
    sequence.leaveAdapter();
    entrance.leave(sequence);
  }

  // What listeners hear. One that throws breaks its own sequence and nothing else.

  private void tellStarted(Sequence sequence, int cachedTokens) {
    try {
      sequence.listener.onStarted(cachedTokens);
    } catch (RuntimeException broken) {
      listenerBroke(sequence, broken);
    }
  }

  /** Tells the last tokens of a sequence. */
  private void tellTokens(Sequence sequence, int count, TokenLogprobs @Nullable [] logprobs) {
    int length = sequence.length();
    int[] ids = Arrays.copyOfRange(sequence.tokens(), length - count, length);
    try {
      sequence.listener.onTokens(sequence.nextIndex() - count, ids, logprobs);
    } catch (RuntimeException broken) {
      listenerBroke(sequence, broken);
    }
  }

  private void tellFailed(Sequence sequence, EngineException failure) {
    try {
      sequence.listener.onFailed(failure);
    } catch (RuntimeException broken) {
      listenerBroke(sequence, broken);
    }
  }

  private void listenerBroke(Sequence sequence, RuntimeException broken) {
    LOG.error("the listener of {} threw; the sequence ends", sequence.id(), broken);
    if (entrance.holds(sequence)) {
      fail(sequence, new EngineException(Kind.INTERNAL, "the listener threw", broken));
    }
  }

  @Override
  public void end(EngineException reason) {
    entrance.close(reason);
    adapters.end(reason);
    blocks.end(reason);
    for (Sequence sequence : List.copyOf(lineup.running())) {
      fail(sequence, reason);
    }
    for (Sequence sequence : List.copyOf(lineup.waiting())) {
      fail(sequence, reason);
    }
    for (Sequence next = entrance.next(); next != null; next = entrance.next()) {
      leave(next);
      tellFailed(next, reason);
    }
    stats = snapshot();
  }

  private EngineStats snapshot() {
    return counters.stats(lineup, entrance.waiting(), totalCells);
  }
}
