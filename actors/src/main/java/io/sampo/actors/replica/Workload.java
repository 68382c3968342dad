package io.sampo.actors.replica;

import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.EmbeddingRequest;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceRequest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * What a replica's engine has to do: gives it sequences within its bound, lets them go on, ends
 * those that nobody wants any more. Prompts may go on arriving while there is no engine.
 */
final class Workload {

  private final ActorRef<Replica.Command> replica;
  private final Roster roster = new Roster();
  private @Nullable Engine engine;
  private EngineKv kv = EngineKv.NONE;

  /**
   * @param replica hears of sequences that have ended and of an engine that broke
   */
  Workload(ActorRef<Replica.Command> replica) {
    this.replica = replica;
  }

  /**
   * Has this engine work from now on.
   *
   * @param kept the KV that can come to it
   */
  void useEngine(Engine next, EngineKv kept) {
    engine = next;
    kv = kept;
  }

  /** Has no engine any more. It ends its sequences itself; who was on the way to it is declined. */
  void leaveEngine() {
    engine = null;
    kv = EngineKv.NONE;
    declineRestoring();
  }

  private void declineRestoring() {
    roster.clearRestoring(
        one -> {
          one.giveUp();
          decline(one.work());
        });
  }

  /** Takes work, declines what the engine has no place for, rejects what no engine would take. */
  void take(Replica.Work work) {
    if (engine == null || !roster.fits(work, engine.capabilities())) {
      decline(work);
    } else if (work.promptIds().length == work.promptTokens()) {
      begin(work, work.promptIds());
    } else if (PartialPrompt.plausible(work)) {
      roster.arrive(work);
    } else {
      reject(work, "the prompt's pieces do not add up");
    }
  }

  void append(Replica.PromptPiece piece) {
    PartialPrompt partial = roster.arriving(piece.sequence());
    if (partial == null) {
      return;
    }
    if (!partial.append(piece)) {
      roster.arrived(piece.sequence());
      decline(partial.work());
    } else if (partial.complete()) {
      roster.arrived(piece.sequence());
      begin(partial.work(), partial.ids());
    }
  }

  /** Sets out for a sequence's KV, and gives the engine the sequence when that is there. */
  private void begin(Replica.Work work, int[] promptIds) {
    SequenceKv own = kvOf(work, promptIds);
    CompletableFuture<Void> ready = own.ready();
    if (ready.isDone()) {
      submit(work, promptIds, own);
    } else {
      roster.restore(work, promptIds, own);
      CompletableFuture<?> _ =
          ready.whenComplete((_, _) -> replica.tell(new Replica.Restored(work.sequence())));
    }
  }

  /** An adapter's KV stays in its engine, and so does that of who shares with nobody. */
  private SequenceKv kvOf(Replica.Work work, int[] promptIds) {
    return work instanceof Replica.Start start
            && start.adapter() == null
            && start.cache().scope().shared()
        ? kv.begin(start.cache(), untold(start, promptIds))
        : SequenceKv.NONE;
  }

  /** A prompt without its last tokens where those are told like an answer. */
  private static int[] untold(Replica.Start start, int[] promptIds) {
    int told = Math.clamp(-(long) start.firstIndex(), 0, promptIds.length);
    return told == 0 ? promptIds : Arrays.copyOf(promptIds, promptIds.length - told);
  }

  /** A sequence's KV is there, as far as it comes at all. */
  void restored(SequenceKey key) {
    if (roster.restored(key) instanceof Roster.Restoring one) {
      submit(one.work(), one.promptIds(), one.kv());
    }
  }

  private void submit(Replica.Work work, int[] promptIds, SequenceKv own) {
    Engine target = engine;
    if (target == null) {
      decline(work);
      return;
    }
    SequenceId id = roster.run(work, own);
    try {
      submit(work, id, promptIds, own, target);
    } catch (EngineException refused) {
      roster.ended(work.sequence());
      refuse(work, target, refused);
    } catch (IllegalArgumentException malformed) {
      roster.ended(work.sequence());
      reject(work, "the request's numbers do not fit together");
    }
  }

  private void submit(
      Replica.Work work, SequenceId id, int[] promptIds, SequenceKv own, Engine target) {
    switch (work) {
      case Replica.Start start ->
          target.submit(
              new SequenceRequest(
                  id,
                  promptIds,
                  start.firstIndex(),
                  start.maxTokens(),
                  start.tokenLimit(),
                  start.sampling(),
                  start.priority(),
                  start.adapter(),
                  start.cache().scope()),
              stream(work, start.firstIndex(), target, transcript(start, promptIds, own)));
      case Replica.Embed embed ->
          target.embed(
              new EmbeddingRequest(id, promptIds, embed.lengths()), stream(work, 0, target, null));
    }
  }

  private EngineStream stream(
      Replica.Work work, int firstIndex, Engine target, @Nullable Transcript transcript) {
    return new EngineStream(
        work.sequence(), firstIndex, target, work.replyTo(), replica, transcript);
  }

  /** Only where somebody may want to know what was computed. */
  private static @Nullable Transcript transcript(
      Replica.Start start, int[] promptIds, SequenceKv own) {
    return own.equals(SequenceKv.NONE) ? null : new Transcript(untold(start, promptIds));
  }

  private void refuse(Replica.Work work, Engine target, EngineException refused) {
    switch (refused.kind()) {
      case INVALID_REQUEST, MODEL_REJECTED -> reject(work, String.valueOf(refused.getMessage()));
      case FULL, OUT_OF_MEMORY -> decline(work);
      case CLOSED, INTERNAL -> {
        replica.tell(new Replica.EngineBroke(target));
        decline(work);
      }
    }
  }

  static void decline(Replica.Work work) {
    work.replyTo().tell(new Replica.Declined(work.sequence()));
  }

  private static void reject(Replica.Work work, String reason) {
    work.replyTo().tell(new Replica.Rejected(work.sequence(), reason));
  }

  void allow(Replica.Allow allow) {
    if (roster.running(allow.sequence()) instanceof Roster.Running sequence && engine != null) {
      engine.allow(sequence.id(), allow.tokenLimit());
    }
  }

  void cancel(SequenceKey key) {
    roster.arrived(key);
    if (roster.restored(key) instanceof Roster.Restoring restoring) {
      restoring.giveUp();
    }
    if (roster.running(key) instanceof Roster.Running sequence) {
      cancel(sequence);
    }
  }

  private void cancel(Roster.Running sequence) {
    if (engine != null) {
      engine.cancel(sequence.id());
    }
  }

  /** Cancels those that are computed with an adapter. */
  void cancelUsers(String adapter) {
    roster.forEach(
        sequence -> {
          if (adapter.equals(sequence.adapter())) {
            cancel(sequence);
          }
        });
  }

  /** Who asked for the sequence is still there. */
  void heard(SequenceKey key) {
    roster.heard(key);
  }

  /** The engine has computed a sequence's prompt. */
  void promptComputed(SequenceKey key, int[] prompt) {
    if (roster.running(key) instanceof Roster.Running sequence) {
      sequence.kv().computed(prompt);
    }
  }

  /**
   * The engine has ended a sequence.
   *
   * @param tokens all of it; null where they are nobody's business
   */
  void ended(SequenceKey key, int @Nullable [] tokens) {
    Roster.Running sequence = roster.ended(key);
    if (sequence != null && tokens != null) {
      sequence.kv().computed(tokens);
    }
  }

  /**
   * Tells everybody that their sequences live, and cancels those whose owners have not said as much
   * for too long.
   */
  void beat(Duration orphanAfter) {
    long now = System.nanoTime();
    roster.forEach(
        sequence -> {
          sequence.replyTo().tell(new Replica.Alive(sequence.key()));
          if (sequence.silentSince(now, orphanAfter)) {
            cancel(sequence);
          }
        });
    roster.forEachRestoring(
        one -> one.work().replyTo().tell(new Replica.Alive(one.work().sequence())));
    roster.dropSilent(now, orphanAfter);
  }

  /** Ends all that run: they would never hear of an end from an engine that says nothing. */
  void breakAll() {
    roster.clear(sequence -> sequence.replyTo().tell(new Replica.Broken(sequence.key())));
  }

  /**
   * Has all that run, and those who are on their way to the engine, go on elsewhere. The former
   * keep their places until the engine has let go of them.
   */
  void handOver() {
    roster.forEach(
        sequence -> {
          sequence.replyTo().tell(new Replica.Declined(sequence.key()));
          cancel(sequence);
        });
    declineRestoring();
    roster.clearArriving(partial -> decline(partial.work()));
  }

  boolean isEmpty() {
    return roster.size() == 0;
  }

  /** Whether all places of the engine are taken. */
  boolean full() {
    return engine != null && roster.size() >= engine.capabilities().maxSequences();
  }

  /** What is known of the KV that leaves and enters the engine, if it does. */
  @Nullable KvOffer kvOffer() {
    return kv.offer();
  }

  /** The sequences that run or soon will. */
  List<SequenceKey> running() {
    return roster.keys();
  }
}
