package io.sampo.engines.simulated;

import static io.sampo.engines.spi.EngineException.Kind.CLOSED;
import static io.sampo.engines.spi.EngineException.Kind.FULL;
import static io.sampo.engines.spi.EngineException.Kind.INTERNAL;
import static io.sampo.engines.spi.EngineException.Kind.INVALID_REQUEST;

import io.sampo.engines.spi.EmbeddingListener;
import io.sampo.engines.spi.EmbeddingRequest;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.KvBlocks;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shell around {@link SimulatedStepper}: takes sequences from any thread, turns the steps, and
 * obeys the commands that real engines give no warning of ({@link #crash}, {@link #hang}, {@link
 * #slowDown}).
 *
 * <p>Invariant: a sequence is in {@code live} from its acceptance until just before its terminal
 * call, so who hears of an end can at once submit in its place.
 */
public final class SimulatedEngine implements Engine {

  private static final Logger LOG = LoggerFactory.getLogger(SimulatedEngine.class);

  /** A step that ended later than this is not made up for by shorter ones. */
  private static final long LONGEST_LAG_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final EngineCapabilities capabilities;
  private final long kvTokensTotal;
  private final StepCounters counters = new StepCounters();
  private final SimulatedStepper stepper;
  private final SimulatedBlocks blocks;
  private final StepTime.Drive drive;

  /**
   * Guards acceptance against close and crash: both must see every sequence accepted before them.
   */
  private final Object gate = new Object();

  private final Map<SequenceId, SimulatedSequence> live = new ConcurrentHashMap<>();
  private final Queue<SimulatedSequence> accepted = new ConcurrentLinkedQueue<>();

  private volatile boolean closing;
  private volatile boolean hanging;
  private volatile @Nullable EngineException failure;
  private volatile double slowFactor;

  private boolean stepping;
  private boolean ended;
  private long stepStart;
  private long stepDue;

  SimulatedEngine(SimulatedPlan plan, StepTime time) {
    SimulatedOptions options = plan.options();
    capabilities = plan.capabilities();
    kvTokensTotal = plan.kvTokens();
    slowFactor = options.slowFactor();
    stepper = new SimulatedStepper(options, counters, sequence -> live.remove(sequence.id()));
    LOG.warn("This engine is SIMULATED: no model runs, answers are made up ({}).", capabilities);
    blocks = new SimulatedBlocks(options, this::wake);
    drive = time.start("sampo-engine-simulated", this::turn);
  }

  /**
   * Loads an engine whose steps last as long as the given time says.
   *
   * @throws EngineException INVALID_REQUEST for options it does not know, OUT_OF_MEMORY when the
   *     profile's memory is too small
   */
  public static SimulatedEngine load(EngineSettings settings, StepTime time) {
    return new SimulatedEngine(SimulatedPlan.of(settings).requireMemory(), time);
  }

  @Override
  public EngineCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public void submit(SequenceRequest request, SequenceListener listener) {
    check(request);
    SimulatedSequence sequence =
        new SimulatedSequence(request, listener, capabilities.contextTokens());
    synchronized (gate) {
      accept(sequence);
    }
    drive.wake();
  }

  /** {@inheritDoc} A vector that came from no model would be taken for meaning: it gives none. */
  @Override
  public void embed(EmbeddingRequest request, EmbeddingListener listener) {
    throw new EngineException(INVALID_REQUEST, "The simulated engine does not embed.");
  }

  @Override
  public void allow(SequenceId id, int tokenLimit) {
    SimulatedSequence sequence = live.get(id);
    if (sequence != null) {
      sequence.allow(tokenLimit);
      drive.wake();
    }
  }

  @Override
  public void cancel(SequenceId id) {
    SimulatedSequence sequence = live.get(id);
    if (sequence != null) {
      sequence.cancel();
      drive.wake();
    }
  }

  @Override
  public KvBlocks kvBlocks() {
    return blocks;
  }

  @Override
  public EngineStats stats() {
    int waiting = accepted.size();
    return counters.snapshot(Math.max(0, live.size() - waiting), waiting, kvTokensTotal);
  }

  /** Breaks the engine: everything fails with INTERNAL and it takes no more work. */
  public void crash() {
    synchronized (gate) {
      failure = new EngineException(INTERNAL, "The simulated engine was told to break.");
    }
    drive.wake();
  }

  /** Stops all answers without a word; requests are still accepted, but nothing comes of them. */
  public void hang() {
    hanging = true;
  }

  /** Makes steps last this many times as long as the profile says, from the next one on. */
  public void slowDown(double factor) {
    if (!(factor > 0)) {
      throw new IllegalArgumentException("the factor must be above 0: " + factor);
    }
    slowFactor = factor;
  }

  /** Takes back {@link #crash}, {@link #hang} and {@link #slowDown}; what has failed stays so. */
  public void recover() {
    synchronized (gate) {
      failure = null;
    }
    hanging = false;
    slowFactor = 1;
    drive.wake();
  }

  @Override
  public void close() {
    synchronized (gate) {
      closing = true;
    }
    drive.awaitEnd();
  }

  private void check(SequenceRequest request) {
    int[] prompt = request.promptIds();
    if (prompt.length == 0) {
      throw new EngineException(INVALID_REQUEST, "The prompt is empty.");
    }
    if (prompt.length >= capabilities.contextTokens()) {
      throw new EngineException(
          INVALID_REQUEST,
          "The prompt of %d tokens leaves no room in the context of %d."
              .formatted(prompt.length, capabilities.contextTokens()));
    }
    if (request.sampling().grammar() != null) {
      throw new EngineException(
          INVALID_REQUEST, "the grammar cannot be followed by the simulated engine");
    }
    for (int token : prompt) {
      if (token < 0 || token >= capabilities.vocabularySize()) {
        throw new EngineException(
            INVALID_REQUEST,
            "The prompt's token %d is not one of the %d in the vocabulary."
                .formatted(token, capabilities.vocabularySize()));
      }
    }
  }

  private void wake() {
    drive.wake();
  }

  private void accept(SimulatedSequence sequence) {
    EngineException broken = failure;
    if (closing) {
      throw new EngineException(CLOSED, "The engine is closed.");
    }
    if (broken != null) {
      throw new EngineException(INTERNAL, "The simulated engine is broken.", broken);
    }
    if (live.size() >= capabilities.maxSequences()) {
      throw new EngineException(
          FULL, "All " + capabilities.maxSequences() + " sequences are in use; try again later.");
    }
    if (live.putIfAbsent(sequence.id(), sequence) != null) {
      throw new EngineException(INVALID_REQUEST, "The name " + sequence.id() + " is in use.");
    }
    accepted.add(sequence);
  }

  /**
   * The engine's loop without its waiting. A defect of its own breaks the engine as a crash does.
   */
  private long turn(long now) {
    try {
      return obey(now);
    } catch (RuntimeException e) {
      LOG.error("The simulated engine has a defect and breaks.", e);
      synchronized (gate) {
        failure = new EngineException(INTERNAL, "The simulated engine has a defect: " + e, e);
      }
      return now;
    }
  }

  private long obey(long now) {
    if (ended) {
      return StepTime.Turning.ENDED;
    }
    if (closing) {
      EngineException reason = new EngineException(CLOSED, "The engine was closed.");
      failAll(reason);
      blocks.close(reason);
      ended = true;
      return StepTime.Turning.ENDED;
    }
    EngineException broken = failure;
    if (broken != null) {
      failAll(broken);
      return StepTime.Turning.IDLE;
    }
    if (hanging) {
      return StepTime.Turning.IDLE;
    }
    blocks.perform(stepper);
    beginAccepted();
    if (stepping && now < stepDue) {
      return stepDue;
    }
    return performAndPlan(now);
  }

  private long performAndPlan(long now) {
    boolean wasStepping = stepping;
    if (stepping) {
      stepping = false;
      SimulatedStepper.Outcome outcome = stepper.perform(now - stepStart);
      if (outcome != SimulatedStepper.Outcome.GOES_ON) {
        misbehave(outcome);
        return now;
      }
    }
    long nanos = stepper.plan();
    if (nanos == SimulatedStepper.NOTHING) {
      return StepTime.Turning.IDLE;
    }
    boolean keepsPace = wasStepping && now - stepDue < LONGEST_LAG_NANOS;
    stepStart = now;
    stepDue = (keepsPace ? stepDue : now) + (long) (nanos * slowFactor);
    stepping = true;
    return stepDue;
  }

  private void misbehave(SimulatedStepper.Outcome outcome) {
    if (outcome == SimulatedStepper.Outcome.BREAKS) {
      crash();
    } else {
      hang();
    }
  }

  private void beginAccepted() {
    for (SimulatedSequence next = accepted.poll(); next != null; next = accepted.poll()) {
      // What was ordered before it was submitted is done before it begins.
      blocks.perform(stepper);
      stepper.begin(next);
    }
  }

  private void failAll(EngineException reason) {
    beginAccepted();
    stepper.failAll(reason);
    blocks.failAll(reason);
    stepping = false;
  }
}
