package io.sampo.actors.scheduler;

import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.engines.spi.Priority;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.ActorRef;

/** Requests of which only a few things matter. */
public final class Requests {

  private static final ActorRef<Scheduler.Reply> NOBODY =
      TestInbox.<Scheduler.Reply>create().getRef();

  private Requests() {}

  /** One with a prompt of this length and a minute of time. */
  public static PlacementRequest of(SequenceKey key, int promptTokens) {
    return of(key, promptTokens, 20, Priority.NORMAL, ServiceClass.INTERACTIVE);
  }

  /** One with a minute of time. */
  public static PlacementRequest of(
      SequenceKey key, int promptTokens, int answerTokens, int priority, ServiceClass service) {
    return new PlacementRequest(
        key, null, promptTokens + 1, answerTokens, new long[0], priority, service, 60_000, NOBODY);
  }
}
