package io.sampo.actors.standby;

import java.util.List;

/**
 * A stream as it stood when this was written.
 *
 * @param stream its name, which only its client and the gateways know
 * @param origin the request in the gateways' own words
 * @param turn how often the stream was taken up again; of two records the one of the later turn
 *     holds
 * @param ids the tokens that each answer has emitted, by the answer's number; answers that were not
 *     begun may be missing
 */
public record StreamRecord(String stream, String origin, int turn, List<int[]> ids) {

  /** A request of more answers is not kept. */
  public static final int MAX_ANSWERS = 16;

  public StreamRecord {
    ids = List.copyOf(ids);
  }

  /** Tokens of all answers. */
  public int tokens() {
    return ids.stream().mapToInt(one -> one.length).sum();
  }

  /** Whether this one tells more of the same stream. */
  boolean beyond(StreamRecord other) {
    return turn != other.turn ? turn > other.turn : tokens() > other.tokens();
  }
}
