package io.sampo.actors.scheduler;

import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.WireMessage;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A sequence that wants a replica. It carries hashes and lengths, never content.
 *
 * @param session the conversation, or null
 * @param promptTokens length of the prompt
 * @param blockHashes of the prompt's whole blocks, chained, first block first; 64 bits each, so a
 *     false match is possible and only misroutes
 * @param remainingMillis what is left of its deadline
 */
public record PlacementRequest(
    SequenceKey sequence,
    @Nullable String session,
    int promptTokens,
    long[] blockHashes,
    long remainingMillis,
    ActorRef<Scheduler.Reply> replyTo)
    implements WireMessage {}
