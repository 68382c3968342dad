package io.sampo.actors.standby;

import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** The question to all gateways for one stream, and the best answer so far. */
final class Search {

  private final ActorRef<Standby.Found> replyTo;
  private int awaited;
  private @Nullable StreamRecord best;

  /**
   * @param awaited how many were asked
   */
  Search(ActorRef<Standby.Found> replyTo, int awaited) {
    this.replyTo = replyTo;
    this.awaited = awaited;
  }

  /** One more has answered; true when it was the last. */
  boolean heard(@Nullable StreamRecord record) {
    awaited--;
    StreamRecord known = best;
    if (record != null && (known == null || record.beyond(known))) {
      best = record;
    }
    return awaited <= 0;
  }

  /** Answers with what was found; true when that is something. */
  boolean end(String stream) {
    replyTo.tell(new Standby.Found(stream, best));
    return best != null;
  }
}
