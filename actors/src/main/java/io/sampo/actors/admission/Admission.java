package io.sampo.actors.admission;

import io.sampo.actors.generation.Generation;
import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationRequest;
import io.sampo.actors.generation.GenerationSettings;
import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.router.Router;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/** Gives a request a permit and a generation of its own, or refuses it at once. */
public final class Admission extends AbstractMatchingBehavior<Admission.Command> {

  private static final int RETRY_AFTER_SECONDS = 1;
  private static final int DRAINING_RETRY_AFTER_SECONDS = 5;

  public sealed interface Command {}

  /**
   * Wants a request answered.
   *
   * @param replyTo hears its events, from {@code Admitted} or {@code Failed} on
   * @param credit events that may be sent before the first {@link Generation.Grant}
   */
  public record Admit(GenerationRequest request, ActorRef<GenerationEvent> replyTo, int credit)
      implements Command {}

  /**
   * Refuses new requests from now on, and ends the running ones when the limit has passed.
   *
   * @param replyTo hears when none is left
   */
  public record Drain(Duration limit, ActorRef<Done> replyTo) implements Command {}

  private record GenerationEnded(ActorRef<Generation.Command> generation) implements Command {}

  private record DrainLimitPassed() implements Command {}

  private final ServedModels models;
  private final BiConsumer<ModelId, Router.Command> routers;
  private final AdmissionSettings settings;
  private final GenerationSettings generationSettings;
  private final TimerScheduler<Command> timers;
  private final Set<ActorRef<Generation.Command>> running = new HashSet<>();
  private @Nullable ActorRef<Done> drained;

  private Admission(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      ServedModels models,
      BiConsumer<ModelId, Router.Command> routers,
      AdmissionSettings settings,
      GenerationSettings generationSettings) {
    super(context);
    this.timers = timers;
    this.models = models;
    this.routers = routers;
    this.settings = settings;
    this.generationSettings = generationSettings;
  }

  /**
   * Makes the door of one gateway.
   *
   * @param routers delivers a message to the router of a model
   */
  public static Behavior<Command> create(
      ServedModels models,
      BiConsumer<ModelId, Router.Command> routers,
      AdmissionSettings settings,
      GenerationSettings generationSettings) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new Admission(context, timers, models, routers, settings, generationSettings)));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case Admit admit -> onAdmit(admit);
      case Drain drain -> onDrain(drain);
      case GenerationEnded ended -> onEnded(ended.generation());
      case DrainLimitPassed passed -> onDrainLimit();
    }
    return this;
  }

  private void onAdmit(Admit admit) {
    GenerationRequest request = admit.request();
    Optional<ServedModel> model = models.find(request.model().name());
    if (drained != null) {
      refuse(admit, Failure.unavailable(ErrorCode.DRAINING, DRAINING_RETRY_AFTER_SECONDS));
    } else if (model.isEmpty()) {
      refuse(admit, Failure.modelNotFound(request.model().name()));
    } else if (running.size() >= settings.maxRequests()) {
      refuse(admit, Failure.unavailable(ErrorCode.OVERLOADED, RETRY_AFTER_SECONDS));
    } else {
      spawn(admit, model.get());
    }
  }

  private static void refuse(Admit admit, Failure failure) {
    admit.replyTo().tell(new GenerationEvent.Failed(failure));
  }

  private void spawn(Admit admit, ServedModel model) {
    ActorRef<Generation.Command> generation =
        getContext()
            .spawnAnonymous(
                Generation.create(
                    admit.request(),
                    model,
                    message -> routers.accept(model.id(), message),
                    admit.replyTo(),
                    admit.credit(),
                    generationSettings));
    running.add(generation);
    getContext().watchWith(generation, new GenerationEnded(generation));
  }

  private void onEnded(ActorRef<Generation.Command> generation) {
    running.remove(generation);
    tellDrained();
  }

  private void onDrain(Drain drain) {
    drained = drain.replyTo();
    timers.startSingleTimer(new DrainLimitPassed(), drain.limit());
    tellDrained();
  }

  private void onDrainLimit() {
    Failure failure = Failure.unavailable(ErrorCode.DRAINING, DRAINING_RETRY_AFTER_SECONDS);
    running.forEach(generation -> generation.tell(new Generation.Abort(failure)));
  }

  private void tellDrained() {
    if (drained != null && running.isEmpty()) {
      drained.tell(Done.done());
    }
  }
}
