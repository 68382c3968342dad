package io.sampo.actors.scheduler;

import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.Priority;
import io.sampo.kvcache.block.BlockHash;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A sequence that wants a replica. It carries hashes and lengths, never content.
 *
 * @param session the conversation, or null
 * @param neededTokens the shortest context it can do with: of a sequence its prompt and one token
 *     more, of inputs to embed the longest
 * @param answerTokens how long its answer may become; 0 where it gives none
 * @param blockHashes of the prompt's whole blocks, chained, first block first; {@link
 *     BlockHash#LONGS} longs each
 * @param priority how urgent it is, see {@link Priority}
 * @param service what it is promised
 * @param remainingMillis what is left of its deadline
 */
public record PlacementRequest(
    SequenceKey sequence,
    @Nullable String session,
    int neededTokens,
    int answerTokens,
    long[] blockHashes,
    int priority,
    ServiceClass service,
    long remainingMillis,
    ActorRef<Scheduler.Reply> replyTo)
    implements WireMessage {

  public PlacementRequest {
    Priority.checked(priority);
    if (blockHashes.length % BlockHash.LONGS != 0) {
      throw new IllegalArgumentException(
          "block hashes have %d longs each: %d".formatted(BlockHash.LONGS, blockHashes.length));
    }
  }
}
