package io.sampo.cluster.gateway;

import io.sampo.actors.admission.Admission;
import io.sampo.actors.generation.Generation;
import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationEvent.ChoiceFinished;
import io.sampo.actors.generation.GenerationEvent.Completed;
import io.sampo.actors.generation.GenerationEvent.Delta;
import io.sampo.actors.generation.GenerationEvent.Failed;
import io.sampo.actors.generation.GenerationEvent.Reason;
import io.sampo.actors.generation.GenerationEvent.Started;
import io.sampo.actors.generation.GenerationEvent.Usage;
import io.sampo.actors.generation.GenerationRequest;
import io.sampo.actors.generation.Reader;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ReplicaId;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** An admission whose generations say what a test tells them to. */
final class ScriptedAdmission {

  private final BlockingQueue<Talk> arrived = new LinkedBlockingQueue<>();
  private volatile Consumer<Talk> script = arrived::add;

  /** Every request is answered by this from now on; before, requests wait for {@link #next}. */
  void answerBy(Consumer<Talk> everyRequest) {
    script = everyRequest;
  }

  /** Requests wait for {@link #next} again. */
  void reset() {
    arrived.clear();
    script = arrived::add;
  }

  Talk next() throws InterruptedException {
    Talk talk = arrived.poll(10, TimeUnit.SECONDS);
    if (talk == null) {
      throw new AssertionError("No request arrived within 10 s");
    }
    return talk;
  }

  boolean nothingArrived() {
    return arrived.isEmpty();
  }

  Behavior<Admission.Command> behavior() {
    return Behaviors.receive(Admission.Command.class)
        .onMessage(
            Admission.Admit.class,
            admit -> {
              script.accept(new Talk(admit));
              return Behaviors.same();
            })
        .build();
  }

  /** One request and what is said to it. */
  static final class Talk {
    final GenerationRequest request;
    final int credit;
    final CompletableFuture<Void> hungUp = new CompletableFuture<>();
    final AtomicInteger granted = new AtomicInteger();
    private final Reader reader;

    /** Events that cost credit and were said. */
    private int told;

    Talk(Admission.Admit admit) {
      request = admit.request();
      credit = admit.credit();
      reader = admit.reader();
    }

    Talk say(GenerationEvent event) {
      if (event instanceof Started || event instanceof Delta || event instanceof ChoiceFinished) {
        told++;
      }
      reader.ref().tell(event);
      return this;
    }

    /** Takes the shortcut with some text; false when it must be said. */
    boolean carry(int choice, String text) {
      return reader.shortcut().carry(new Delta(choice, text, List.of()), told);
    }

    /** Whether one more event may be said. */
    boolean hasCredit() {
      return told < credit + granted.get();
    }

    Talk admitted(ActorRef<Generation.Command> generation) {
      return say(new GenerationEvent.Admitted(generation));
    }

    Talk started() {
      return say(
          new Started(7, 3, new ReplicaId(request.model(), 0), "least-loaded: only replica"));
    }

    Talk text(int choice, String text) {
      return say(new Delta(choice, text, List.of()));
    }

    Talk finished(int choice, Reason reason) {
      return say(new ChoiceFinished(choice, reason));
    }

    Talk completed(int tokens) {
      return say(new Completed(new Usage(7, 3, tokens)));
    }

    Talk failed(Failure failure) {
      return say(new Failed(failure));
    }

    /** Answers with these pieces of text. */
    void answer(String... pieces) {
      started();
      for (String piece : pieces) {
        text(0, piece);
      }
      finished(0, Reason.STOP).completed(pieces.length);
    }

    Behavior<Generation.Command> generation() {
      return Behaviors.receive(Generation.Command.class)
          .onMessage(
              Generation.Grant.class,
              grant -> {
                granted.addAndGet(grant.events());
                return Behaviors.same();
              })
          .onMessage(
              Generation.HangUp.class,
              _ -> {
                hungUp.complete(null);
                return Behaviors.stopped();
              })
          .build();
    }
  }
}
