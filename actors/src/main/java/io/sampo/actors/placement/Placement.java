package io.sampo.actors.placement;

import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ReplicaId;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Starts the wanted replicas, and starts them again where they are gone. */
public final class Placement {

  public enum Command {
    /** Time to ask for the wanted replicas. */
    ENSURE
  }

  private Placement() {}

  /**
   * Makes the singleton.
   *
   * @param wanted the models
   * @param interval between two rounds of asking
   * @param replicas delivers a message to the replica of that id, wherever it lives
   */
  public static Behavior<Command> create(
      List<ModelSpec> wanted, Duration interval, BiConsumer<ReplicaId, Replica.Load> replicas) {
    return Behaviors.withTimers(
        timers -> {
          timers.startTimerWithFixedDelay(Command.ENSURE, Duration.ZERO, interval);
          return Behaviors.receiveMessage(
              ensure -> {
                for (ModelSpec spec : wanted) {
                  for (int ordinal = 0; ordinal < spec.replicas(); ordinal++) {
                    replicas.accept(new ReplicaId(spec.id(), ordinal), new Replica.Load(spec));
                  }
                }
                return Behaviors.same();
              });
        });
  }
}
