package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeContext;
import io.sampo.engines.llamacpp.jni.NativeModel;
import io.sampo.engines.llamacpp.jni.NativeSampler;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.TokenLogprobs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of an engine, on its one thread. Each turn: begin what has arrived, end what was
 * cancelled, plan a step, compute it in one native call, tell the listeners. When nothing can be
 * computed the thread parks until {@link #wake}.
 *
 * <p>How a sequence ends exactly once: it is owned by the queue of arrivals until this thread takes
 * it, then by the list of running ones; whoever removes it from there tells its listener. A
 * submitter that finds the loop ended takes its own sequence back out of the queue.
 *
 * <p>When a native step fails nothing is known of the context any more: all sequences fail with
 * INTERNAL and so does every later submit.
 */
final class StepLoop implements Runnable {

  /** How the native context is used. */
  record Mode(int batchTokens, boolean deterministic, boolean reusesPrefixes) {}

  private static final Logger LOG = LoggerFactory.getLogger(StepLoop.class);

  /** Nothing depends on this wake-up; it bounds what a lost signal could cost. */
  private static final long PARK_NANOS = Duration.ofSeconds(5).toNanos();

  private final NativeModel model;
  private final NativeContext context;
  private final EngineCapabilities capabilities;
  private final Mode mode;
  private final BitSet endTokens = new BitSet();
  private final StepPlanner planner;
  private final Slots slots;

  private final Semaphore places;
  private final Queue<Sequence> arrivals;
  private final Map<SequenceId, Sequence> accepted = new ConcurrentHashMap<>();
  private final List<Sequence> running = new ArrayList<>();
  private final int[] rows;
  private final Sequence[] stepped;
  private final StepCounters counters = new StepCounters();

  private volatile boolean closing;
  private volatile @Nullable EngineException ended;
  private volatile @Nullable Thread thread;
  private volatile EngineStats stats;

  StepLoop(NativeModel model, NativeContext context, EngineCapabilities capabilities, Mode mode) {
    this.model = model;
    this.context = context;
    this.capabilities = capabilities;
    this.mode = mode;
    for (int token : model.endTokens()) {
      endTokens.set(token);
    }
    int count = capabilities.maxSequences();
    planner = new StepPlanner(mode.batchTokens, mode.deterministic);
    slots = new Slots(count);
    places = new Semaphore(count);
    arrivals = new ArrayBlockingQueue<>(count);
    rows = new int[count];
    stepped = new Sequence[count];
    stats = snapshot();
  }

  // For any thread.

  void submit(Sequence sequence) {
    throwIfEnded();
    if (!places.tryAcquire()) {
      throw new EngineException(
          Kind.FULL, "all " + capabilities.maxSequences() + " sequences are in use");
    }
    if (accepted.putIfAbsent(sequence.id(), sequence) != null) {
      places.release();
      throw new EngineException(Kind.INVALID_REQUEST, "there is already a " + sequence.id());
    }
    arrivals.add(sequence);
    if (ended != null && arrivals.remove(sequence)) {
      leave(sequence);
      throwIfEnded();
    }
    wake();
  }

  void allow(SequenceId id, int tokenLimit) {
    Sequence sequence = accepted.get(id);
    if (sequence != null) {
      sequence.allow(tokenLimit);
      wake();
    }
  }

  void cancel(SequenceId id) {
    Sequence sequence = accepted.get(id);
    if (sequence != null) {
      sequence.cancel();
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
        beginArrivals();
        endCancelled();
        boolean stepped = step();
        stats = snapshot();
        if (!stepped) {
          LockSupport.parkNanos(this, PARK_NANOS);
        }
      }
      endAll(new EngineException(Kind.CLOSED, "the engine was closed"));
    } catch (RuntimeException | Error broken) {
      LOG.error("the engine broke: {}", String.valueOf(broken.getMessage()), broken);
      endAll(
          new EngineException(Kind.INTERNAL, "the engine broke and must be loaded again", broken));
    }
  }

  private void beginArrivals() {
    for (Sequence next = arrivals.poll(); next != null; next = arrivals.poll()) {
      begin(next);
    }
  }

  private void begin(Sequence sequence) {
    int[] prompt = sequence.request.promptIds();
    int slot = slots.take(prompt);
    int cached = mode.reusesPrefixes ? slots.commonTokens(slot, prompt) : 0;
    cached = Math.min(cached, prompt.length - 1);
    if (!context.forget(slot, cached)) {
      context.forget(slot, 0);
      cached = 0;
    }
    sequence.begin(
        slot,
        cached,
        new NativeSampler(
            model,
            sequence.request.sampling(),
            prompt,
            sequence.request.firstIndex(),
            capabilities.contextTokens()));
    running.add(sequence);
    counters.began(prompt.length, cached);
    int cachedTokens = cached;
    tell(sequence, s -> s.listener.onStarted(cachedTokens));
  }

  private void endCancelled() {
    for (int i = running.size() - 1; i >= 0; i--) {
      Sequence sequence = running.get(i);
      if (sequence.cancelled()) {
        finish(sequence, FinishReason.CANCELLED);
      }
    }
  }

  /** Computes one step; false when there was nothing to compute. */
  private boolean step() {
    int total = planner.plan(running, rows);
    if (total == 0) {
      return false;
    }
    fillRows();
    long began = System.nanoTime();
    NativeContext.Outcome outcome = context.step();
    if (outcome == NativeContext.Outcome.NO_ROOM && forgetRetained()) {
      outcome = context.step();
    }
    switch (outcome) {
      case DONE -> {
        counters.stepped(running, rows, System.nanoTime() - began);
        takeResults();
      }
      case NO_ROOM ->
          fail(
              running.getLast(),
              new EngineException(Kind.OUT_OF_MEMORY, "there is no room for the sequence's KV"));
      case INTERRUPTED -> closing = true;
    }
    return true;
  }

  private void fillRows() {
    context.clear();
    for (int i = 0; i < running.size(); i++) {
      Sequence sequence = running.get(i);
      int end = sequence.computed() + rows[i];
      for (int position = sequence.computed(); position < end; position++) {
        int token = sequence.tokens()[position];
        if (position == sequence.length() - 1) {
          context.addAndChoose(
              token, position, sequence.slot(), sequence.sampler(), sequence.nextIndex());
        } else {
          context.add(token, position, sequence.slot());
        }
      }
    }
  }

  private void takeResults() {
    int result = 0;
    int count = running.size();
    // Sequences that end here leave the list, so a copy of it is walked.
    running.toArray(stepped);
    for (int i = 0; i < count; i++) {
      Sequence sequence = stepped[i];
      if (rows[i] > 0) {
        sequence.advance(rows[i]);
        if (sequence.computed() == sequence.length()) {
          take(sequence, result++);
        }
      }
    }
  }

  private void take(Sequence sequence, int result) {
    int token = context.chosen(result);
    if (token < 0) {
      fail(sequence, impossible(sequence));
    } else if (endTokens.get(token)) {
      finish(sequence, FinishReason.STOP);
    } else {
      int index = sequence.nextIndex();
      sequence.append(token);
      counters.generated();
      TokenLogprobs @Nullable [] logprobs = logprobs(sequence, result);
      int[] ids = {token};
      tell(sequence, s -> s.listener.onTokens(index, ids, logprobs));
      endAtLimit(sequence);
    }
  }

  private static EngineException impossible(Sequence sequence) {
    return sequence.request.sampling().grammar() == null
        ? new EngineException(Kind.INTERNAL, "no token was possible")
        : new EngineException(
            Kind.INVALID_REQUEST, "the grammar leads where no token of this model can follow");
  }

  private TokenLogprobs @Nullable [] logprobs(Sequence sequence, int result) {
    int top = sequence.request.sampling().topLogprobs();
    if (top < 0) {
      return null;
    }
    return new TokenLogprobs[] {
      context.logprobs(result, Math.min(top, capabilities.vocabularySize()))
    };
  }

  private void endAtLimit(Sequence sequence) {
    boolean atLimit =
        sequence.nextIndex() == sequence.request.maxTokens()
            || sequence.length() == capabilities.contextTokens();
    if (atLimit && accepted.containsKey(sequence.id())) {
      finish(sequence, FinishReason.LENGTH);
    }
  }

  private boolean forgetRetained() {
    boolean any = slots.retainedTokens() > 0;
    for (int slot = 0; slot < slots.count(); slot++) {
      if (slots.isFree(slot)) {
        context.forget(slot, 0);
        slots.forget(slot);
      }
    }
    return any;
  }

  private void finish(Sequence sequence, FinishReason reason) {
    release(sequence);
    tell(sequence, s -> s.listener.onFinished(reason));
  }

  private void fail(Sequence sequence, EngineException failure) {
    release(sequence);
    tell(sequence, s -> s.listener.onFailed(failure));
  }

  private void release(Sequence sequence) {
    running.remove(sequence);
    sequence.end();
    slots.release(sequence.slot(), sequence.tokens(), sequence.computed());
    leave(sequence);
    // Whoever hears of the end may look at the statistics at once.
    stats = snapshot();
  }

  private void leave(Sequence sequence) {
    accepted.remove(sequence.id());
    places.release();
  }

  /** A listener that throws breaks its own sequence and nothing else. */
  private void tell(Sequence sequence, Consumer<Sequence> call) {
    try {
      call.accept(sequence);
    } catch (RuntimeException broken) {
      LOG.error("the listener of {} threw; the sequence ends", sequence.id(), broken);
      if (running.contains(sequence)) {
        fail(sequence, new EngineException(Kind.INTERNAL, "the listener threw", broken));
      }
    }
  }

  private void endAll(EngineException reason) {
    ended = reason;
    for (Sequence sequence : List.copyOf(running)) {
      fail(sequence, reason);
    }
    for (Sequence next = arrivals.poll(); next != null; next = arrivals.poll()) {
      leave(next);
      Sequence unborn = next;
      tell(unborn, s -> s.listener.onFailed(reason));
    }
    stats = snapshot();
  }

  private EngineStats snapshot() {
    long used = slots.retainedTokens();
    for (Sequence sequence : running) {
      used += sequence.computed();
    }
    long total = (long) capabilities.contextTokens() * capabilities.maxSequences();
    return counters.stats(running.size(), arrivals.size(), used, total);
  }
}
