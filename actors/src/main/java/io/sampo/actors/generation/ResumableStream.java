package io.sampo.actors.generation;

import io.sampo.actors.standby.Standby;
import io.sampo.actors.standby.StreamRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * What makes a request's stream one that its client can come back to.
 *
 * @param name only its client and the gateways know it
 * @param origin the request in the gateways' own words
 * @param turn how often it was taken up again
 * @param begun its answers as far as they were computed before, in order; empty for a new one
 * @param standby keeps its record
 */
public record ResumableStream(
    String name, String origin, int turn, List<Begun> begun, ActorRef<Standby.Command> standby) {

  /**
   * One answer that was begun.
   *
   * @param ids its tokens, all that are known
   * @param mark how far the client has read
   */
  public record Begun(int[] ids, Bookmark.Mark mark) {}

  public ResumableStream {
    begun = List.copyOf(begun);
  }

  /** One that begins. */
  public static ResumableStream fresh(
      String name, String origin, ActorRef<Standby.Command> standby) {
    return new ResumableStream(name, origin, 0, List.of(), standby);
  }

  /**
   * One that a client came back to; empty where the record and the bookmark together do not tell
   * all that it has read.
   */
  public static Optional<ResumableStream> resumed(
      StreamRecord record, Bookmark bookmark, ActorRef<Standby.Command> standby) {
    List<Begun> begun = new ArrayList<>();
    int answers = Math.max(bookmark.marks().size(), record.ids().size());
    for (int number = 0; number < answers; number++) {
      Bookmark.Mark mark =
          number < bookmark.marks().size() ? bookmark.marks().get(number) : Bookmark.Mark.NONE;
      int[] known = number < record.ids().size() ? record.ids().get(number) : new int[0];
      int from = mark.tokens() - mark.tail().length;
      if (from > known.length) {
        return Optional.empty();
      }
      boolean more = mark.end() == null && known.length > mark.tokens();
      int[] ids = Arrays.copyOf(known, more ? known.length : mark.tokens());
      System.arraycopy(mark.tail(), 0, ids, from, mark.tail().length);
      begun.add(new Begun(ids, mark));
    }
    return Optional.of(
        new ResumableStream(record.stream(), record.origin(), record.turn() + 1, begun, standby));
  }

  boolean resumes() {
    return turn > 0;
  }

  StreamRecord record() {
    return new StreamRecord(name, origin, turn, begun.stream().map(Begun::ids).toList());
  }
}
