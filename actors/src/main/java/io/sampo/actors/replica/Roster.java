package io.sampo.actors.replica;

import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.Places;
import io.sampo.engines.spi.SequenceId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a place of a replica: the sequences that run on its engine, those whose KV is on its
 * way there, and those whose prompts still arrive in pieces.
 *
 * <p>Invariant: a sequence is here once, as one of the three.
 */
final class Roster {

  /**
   * A sequence that was given to the engine.
   *
   * @param id the engine's name for it
   * @param adapter what it is computed with, or null for the model itself
   * @param kv takes what was computed
   * @param replyTo who asked for it
   * @param heardNanos when that one was last heard of
   */
  record Running(
      SequenceKey key,
      SequenceId id,
      int priority,
      @Nullable String adapter,
      SequenceKv kv,
      ActorRef<Replica.Event> replyTo,
      long heardNanos) {

    Running heardNow() {
      return new Running(key, id, priority, adapter, kv, replyTo, System.nanoTime());
    }

    boolean silentSince(long nowNanos, Duration limit) {
      return nowNanos - heardNanos > limit.toNanos();
    }
  }

  /**
   * A sequence whose KV is on its way to the engine.
   *
   * @param promptIds all of them
   * @param heardNanos when who asked for it was last heard of
   */
  record Restoring(Replica.Work work, int[] promptIds, SequenceKv kv, long heardNanos) {

    Restoring heardNow() {
      return new Restoring(work, promptIds, kv, System.nanoTime());
    }

    boolean silentSince(long nowNanos, Duration limit) {
      return nowNanos - heardNanos > limit.toNanos();
    }

    void giveUp() {
      kv.ready().cancel(true);
    }
  }

  private final Map<SequenceKey, Running> running = new HashMap<>();
  private final Map<SequenceKey, Restoring> restoring = new HashMap<>();
  private final Map<SequenceKey, PartialPrompt> arriving = new HashMap<>();
  private long nextId;

  /** Whether the engine has a place for this one; one that is here already has none. */
  boolean fits(Replica.Work work, EngineCapabilities engine) {
    SequenceKey key = work.sequence();
    if (running.containsKey(key) || restoring.containsKey(key) || arriving.containsKey(key)) {
      return false;
    }
    Places places = new Places(engine.maxSequences(), engine.preempts());
    running.values().forEach(sequence -> places.take(sequence.priority()));
    restoring.values().forEach(one -> places.take(one.work().priority()));
    arriving.values().forEach(partial -> places.take(partial.work().priority()));
    return places.fits(work.priority());
  }

  int size() {
    return running.size() + restoring.size() + arriving.size();
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

  /** Waits for a sequence's KV. */
  void restore(Replica.Work work, int[] promptIds, SequenceKv kv) {
    restoring.put(work.sequence(), new Restoring(work, promptIds, kv, System.nanoTime()));
  }

  /** A sequence does not wait for its KV any more; null where it did not. */
  @Nullable Restoring restored(SequenceKey key) {
    return restoring.remove(key);
  }

  /** Takes all that wait for their KV off. */
  void clearRestoring(Consumer<Restoring> each) {
    List<Restoring> all = List.copyOf(restoring.values());
    restoring.clear();
    all.forEach(each);
  }

  /** A sequence is about to be given to the engine, under this name. */
  SequenceId run(Replica.Work work, SequenceKv kv) {
    SequenceId id = new SequenceId(nextId++);
    running.put(
        work.sequence(),
        new Running(
            work.sequence(),
            id,
            work.priority(),
            work.adapter(),
            kv,
            work.replyTo(),
            System.nanoTime()));
    return id;
  }

  @Nullable Running running(SequenceKey key) {
    return running.get(key);
  }

  /** A sequence does not run any more; null where it did not. */
  @Nullable Running ended(SequenceKey key) {
    return running.remove(key);
  }

  /** Takes all that run off. */
  void clear(Consumer<Running> each) {
    running.values().forEach(each);
    running.clear();
  }

  /** Takes all prompts off that are still arriving. */
  void clearArriving(Consumer<PartialPrompt> each) {
    arriving.values().forEach(each);
    arriving.clear();
  }

  /** Who asked for the sequence is still there. */
  void heard(SequenceKey key) {
    running.computeIfPresent(key, (_, old) -> old.heardNow());
    restoring.computeIfPresent(key, (_, old) -> old.heardNow());
    PartialPrompt partial = arriving.get(key);
    if (partial != null) {
      partial.heard();
    }
  }

  /** Shows each that runs. */
  void forEach(Consumer<Running> each) {
    running.values().forEach(each);
  }

  /** Shows each that waits for its KV. */
  void forEachRestoring(Consumer<Restoring> each) {
    restoring.values().forEach(each);
  }

  /** Forgets what has not begun and of which nothing was heard for this long. */
  void dropSilent(long nowNanos, Duration limit) {
    arriving.values().removeIf(partial -> partial.silentSince(nowNanos, limit));
    for (Restoring one : List.copyOf(restoring.values())) {
      if (one.silentSince(nowNanos, limit)) {
        restoring.remove(one.work().sequence());
        one.giveUp();
      }
    }
  }

  /** Those that run or soon will. */
  List<SequenceKey> keys() {
    List<SequenceKey> keys = new ArrayList<>(running.keySet());
    keys.addAll(restoring.keySet());
    return List.copyOf(keys);
  }
}
