package io.sampo.actors.replica;

import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.Places;
import io.sampo.engines.spi.SequenceId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a place of a replica: the sequences that run on its engine, and those whose prompts
 * still arrive in pieces.
 *
 * <p>Invariant: a sequence is here once, as the one or as the other.
 */
final class Roster {

  /**
   * A sequence that was given to the engine.
   *
   * @param id the engine's name for it
   * @param adapter what it is computed with, or null for the model itself
   * @param replyTo who asked for it
   * @param heardNanos when that one was last heard of
   */
  record Running(
      SequenceKey key,
      SequenceId id,
      int priority,
      @Nullable String adapter,
      ActorRef<Replica.Event> replyTo,
      long heardNanos) {

    Running heardNow() {
      return new Running(key, id, priority, adapter, replyTo, System.nanoTime());
    }

    boolean silentSince(long nowNanos, Duration limit) {
      return nowNanos - heardNanos > limit.toNanos();
    }
  }

  private final Map<SequenceKey, Running> running = new HashMap<>();
  private final Map<SequenceKey, PartialPrompt> arriving = new HashMap<>();
  private long nextId;

  /** Whether the engine has a place for this one; one that is here already has none. */
  boolean fits(Replica.Work work, EngineCapabilities engine) {
    if (running.containsKey(work.sequence()) || arriving.containsKey(work.sequence())) {
      return false;
    }
    Places places = new Places(engine.maxSequences(), engine.preempts());
    running.values().forEach(sequence -> places.take(sequence.priority()));
    arriving.values().forEach(partial -> places.take(partial.work().priority()));
    return places.fits(work.priority());
  }

  int size() {
    return running.size() + arriving.size();
  }

  /** Begins to gather a prompt. */
  void arrive(Replica.Work work) {
    arriving.put(work.sequence(), new PartialPrompt(work));
  }

  @Nullable PartialPrompt arriving(SequenceKey key) {
    return arriving.get(key);
  }

  /** The prompt is whole, or will not be. */
  void arrived(SequenceKey key) {
    arriving.remove(key);
  }

  /** A sequence is about to be given to the engine, under this name. */
  SequenceId run(Replica.Work work) {
    SequenceId id = new SequenceId(nextId++);
    running.put(
        work.sequence(),
        new Running(
            work.sequence(),
            id,
            work.priority(),
            work.adapter(),
            work.replyTo(),
            System.nanoTime()));
    return id;
  }

  @Nullable Running running(SequenceKey key) {
    return running.get(key);
  }

  void ended(SequenceKey key) {
    running.remove(key);
  }

  /** Takes all that run off. */
  void clear(Consumer<Running> each) {
    running.values().forEach(each);
    running.clear();
  }

  /** Who asked for the sequence is still there. */
  void heard(SequenceKey key) {
    running.computeIfPresent(key, (_, old) -> old.heardNow());
    PartialPrompt partial = arriving.get(key);
    if (partial != null) {
      partial.heard();
    }
  }

  /** Shows each that runs. */
  void forEach(Consumer<Running> each) {
    running.values().forEach(each);
  }

  /** Forgets prompts of which nothing has come for this long. */
  void dropSilent(long nowNanos, Duration limit) {
    arriving.values().removeIf(partial -> partial.silentSince(nowNanos, limit));
  }

  List<SequenceKey> keys() {
    return List.copyOf(running.keySet());
  }
}
