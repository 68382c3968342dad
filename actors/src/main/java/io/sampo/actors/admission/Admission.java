package io.sampo.actors.admission;

import io.sampo.actors.embedding.Embedding;
import io.sampo.actors.embedding.EmbeddingCall;
import io.sampo.actors.embedding.EmbeddingReply;
import io.sampo.actors.embedding.EmbeddingSettings;
import io.sampo.actors.generation.Generation;
import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationRequest;
import io.sampo.actors.generation.GenerationSettings;
import io.sampo.actors.generation.Reader;
import io.sampo.actors.generation.ResumableStream;
import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.generation.Suspects;
import io.sampo.actors.router.Router;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/** Gives a request a permit and an actor of its own, or refuses it at once. */
public final class Admission extends AbstractMatchingBehavior<Admission.Command> {

  private static final int RETRY_AFTER_SECONDS = 1;
  private static final int DRAINING_RETRY_AFTER_SECONDS = 5;

  public sealed interface Command {}

  /**
   * Wants a request answered.
   *
   * @param reader hears its events, from {@code Admitted} or {@code Failed} on
   * @param credit events that may be sent before the first {@link Generation.Grant}
   * @param stream what its client can come back to; null where it cannot
   */
  public record Admit(
      GenerationRequest request, Reader reader, int credit, @Nullable ResumableStream stream)
      implements Command {}

  /**
   * Wants vectors.
   *
   * @param replyTo hears the one reply
   */
  public record AdmitEmbedding(EmbeddingCall call, ActorRef<EmbeddingReply> replyTo)
      implements Command {}

  /**
   * Refuses new requests from now on, and ends the running ones when the limit has passed.
   *
   * @param replyTo hears when none is left
   */
  public record Drain(Duration limit, ActorRef<Done> replyTo) implements Command {}

  private record RequestEnded(ActorRef<?> request) implements Command {}

  private record DrainLimitPassed() implements Command {}

  private final ServedModels models;
  private final BiConsumer<ModelId, Router.Command> routers;
  private final AdmissionSettings settings;
  private final GenerationSettings generationSettings;
  private final Suspects suspects;
  private final EmbeddingSettings embeddingSettings;
  private final TimerScheduler<Command> timers;

  /** Each request's actor, and how it is ended. */
  private final Map<ActorRef<?>, Consumer<Failure>> running = new HashMap<>();

  private @Nullable ActorRef<Done> drained;

  private Admission(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      ServedModels models,
      BiConsumer<ModelId, Router.Command> routers,
      AdmissionSettings settings,
      GenerationSettings generationSettings,
      Suspects suspects,
      EmbeddingSettings embeddingSettings) {
    super(context);
    this.timers = timers;
    this.models = models;
    this.routers = routers;
    this.settings = settings;
    this.generationSettings = generationSettings;
    this.suspects = suspects;
    this.embeddingSettings = embeddingSettings;
  }

  /**
   * Makes the door of one gateway.
   *
   * @param routers delivers a message to the router of a model
   * @param suspects requests that engines died of
   */
  public static Behavior<Command> create(
      ServedModels models,
      BiConsumer<ModelId, Router.Command> routers,
      AdmissionSettings settings,
      GenerationSettings generationSettings,
      Suspects suspects,
      EmbeddingSettings embeddingSettings) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new Admission(
                        context,
                        timers,
                        models,
                        routers,
                        settings,
                        generationSettings,
                        suspects,
                        embeddingSettings)));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case Admit admit -> onAdmit(admit);
      case Drain drain -> onDrain(drain);
      case AdmitEmbedding admit -> onAdmitEmbedding(admit);
      case RequestEnded ended -> onEnded(ended.request());
      case DrainLimitPassed passed -> onDrainLimit();
    }
    return this;
  }

  private void onAdmit(Admit admit) {
    Optional<ServedModel> model = models.find(admit.request().model().name());
    Failure refusal = refusal(admit.request().model(), model);
    if (refusal != null) {
      admit.reader().ref().tell(new GenerationEvent.Failed(refusal));
    } else {
      model.ifPresent(served -> spawn(admit, served));
    }
  }

  private void onAdmitEmbedding(AdmitEmbedding admit) {
    Optional<ServedModel> model = models.find(admit.call().model().name());
    Failure refusal = refusal(admit.call().model(), model);
    if (refusal != null) {
      admit.replyTo().tell(new EmbeddingReply.Failed(refusal));
    } else {
      model.ifPresent(served -> spawn(admit, served));
    }
  }

  private @Nullable Failure refusal(ModelId wanted, Optional<ServedModel> model) {
    if (drained != null) {
      return Failure.unavailable(ErrorCode.DRAINING, DRAINING_RETRY_AFTER_SECONDS);
    } else if (model.isEmpty()) {
      return Failure.modelNotFound(wanted.name());
    } else if (running.size() >= settings.maxRequests()) {
      return Failure.unavailable(ErrorCode.OVERLOADED, RETRY_AFTER_SECONDS);
    }
    return null;
  }

  private void spawn(Admit admit, ServedModel model) {
    ActorRef<Generation.Command> generation =
        getContext()
            .spawnAnonymous(
                Generation.create(
                    admit.request(),
                    model,
                    message -> routers.accept(model.id(), message),
                    admit.reader(),
                    admit.credit(),
                    admit.stream(),
                    suspects,
                    generationSettings));
    follow(generation, failure -> generation.tell(new Generation.Abort(failure)));
  }

  private void spawn(AdmitEmbedding admit, ServedModel model) {
    ActorRef<Embedding.Command> embedding =
        getContext()
            .spawnAnonymous(
                Embedding.create(
                    admit.call(),
                    model,
                    message -> routers.accept(model.id(), message),
                    admit.replyTo(),
                    embeddingSettings));
    follow(embedding, failure -> embedding.tell(new Embedding.Abort(failure)));
  }

  private void follow(ActorRef<?> request, Consumer<Failure> abort) {
    running.put(request, abort);
    getContext().watchWith(request, new RequestEnded(request));
  }

  private void onEnded(ActorRef<?> request) {
    running.remove(request);
    tellDrained();
  }

  private void onDrain(Drain drain) {
    drained = drain.replyTo();
    timers.startSingleTimer(new DrainLimitPassed(), drain.limit());
    tellDrained();
  }

  private void onDrainLimit() {
    Failure failure = Failure.unavailable(ErrorCode.DRAINING, DRAINING_RETRY_AFTER_SECONDS);
    running.values().forEach(abort -> abort.accept(failure));
  }

  private void tellDrained() {
    if (drained != null && running.isEmpty()) {
      drained.tell(Done.done());
    }
  }
}
