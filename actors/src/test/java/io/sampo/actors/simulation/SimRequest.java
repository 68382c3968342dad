package io.sampo.actors.simulation;

import io.sampo.actors.attempt.Attempt;
import io.sampo.actors.attempt.Attempt.Phase;
import io.sampo.actors.generation.PureAnswer;
import io.sampo.actors.replica.CacheUse;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.Sampling;
import java.util.Arrays;
import java.util.function.Consumer;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.ActorRef;

/** One request with one answer, from its arrival to its terminal event. */
final class SimRequest {

  /** How it ended. */
  enum End {
    COMPLETED,
    REFUSED,
    FAILED
  }

  private static final ActorRef<Scheduler.Reply> REPLIES =
      TestInbox.<Scheduler.Reply>create().getRef();
  private static final ActorRef<Replica.Event> EVENTS = TestInbox.<Replica.Event>create().getRef();
  private static final long LOST_NANOS = 1500 * Clockwork.MILLI;
  private static final long PLACE_AGAIN_NANOS = 5 * Clockwork.SECOND;
  private static final long RETRY_NANOS = 200 * Clockwork.MILLI;
  private static final int MAX_RESUMES = 3;

  /** Cells of an answer's token that a vocabulary has for sure. */
  private static final int TOKENS = 100;

  final String name;
  final int maxTokens;
  private final Clockwork clock;
  private final int[] prompt;
  private final long[] hashes;
  private final String session;
  private final PureAnswer answer;
  private final Consumer<End> ended;
  private final long deadline;
  private long asked;
  private long heard;
  private boolean over;
  private boolean deaf;

  SimRequest(
      String name,
      String session,
      int[] prompt,
      long[] hashes,
      int maxTokens,
      Clockwork clock,
      Consumer<Router.Command> router,
      Consumer<End> ended) {
    this.name = name;
    this.session = session;
    this.prompt = prompt;
    this.hashes = hashes;
    this.maxTokens = maxTokens;
    this.clock = clock;
    this.ended = ended;
    this.answer = new PureAnswer(name, prompt, hashes, router);
    this.deadline = clock.now() + 60 * Clockwork.SECOND;
    place();
    beat();
  }

  /** The token that every replica gives at this index. */
  static int token(int firstOfPrompt, int index) {
    return 1 + Math.floorMod(31 * firstOfPrompt + 7 * index, TOKENS);
  }

  /** What it has got, or null where that is not what it should have. */
  boolean right() {
    int[] all = answer.all();
    int[] got = Arrays.copyOfRange(all, prompt.length, all.length);
    for (int i = 0; i < got.length; i++) {
      if (got[i] != token(prompt[0], i)) {
        return false;
      }
    }
    return got.length == maxTokens;
  }

  /** Plants a bug: while it waits for a place it looks at no clock. */
  void deaf() {
    deaf = true;
  }

  private Attempt attempt() {
    return answer.attempt();
  }

  private void place() {
    asked = clock.now();
    attempt()
        .place(
            new PlacementRequest(
                attempt().key(),
                session,
                prompt.length + answer.count() + 1,
                maxTokens,
                hashes,
                Priority.NORMAL,
                name.hashCode() % 4 == 0 ? ServiceClass.BATCH : ServiceClass.INTERACTIVE,
                (deadline - clock.now()) / Clockwork.MILLI,
                REPLIES));
  }

  void assigned(Scheduler.Assigned place) {
    if (over || !attempt().current(place.sequence()) || attempt().phase() != Phase.PLACING) {
      return;
    }
    heard = clock.now();
    int[] ids = answer.all();
    attempt()
        .start(
            place,
            ids,
            first ->
                new Replica.Start(
                    attempt().key(),
                    null,
                    ids.length,
                    first,
                    answer.count(),
                    maxTokens,
                    Integer.MAX_VALUE,
                    Sampling.GREEDY,
                    Priority.NORMAL,
                    CacheUse.COMMON,
                    EVENTS));
  }

  void refused(PlacementRequest request) {
    if (!over && attempt().current(request.sequence()) && attempt().phase() == Phase.PLACING) {
      if (answer.count() > 0) {
        again(Clockwork.SECOND);
      } else {
        end(End.REFUSED);
      }
    }
  }

  /** An event of a replica; {@code trusting} plants a bug: it does not look at index and epoch. */
  void hear(Replica.Event event, boolean trusting) {
    if (over || !(trusting || attempt().current(event.sequence()))) {
      return;
    }
    heard = clock.now();
    switch (event) {
      case Replica.Begun _ -> attempt().running();
      case Replica.Tokens tokens -> take(tokens, trusting);
      case Replica.Finished finished -> {
        attempt().finished();
        if (!trusting && finished.nextIndex() > answer.count()) {
          resume();
        } else {
          end(End.COMPLETED);
        }
      }
      case Replica.Declined _ -> again(RETRY_NANOS);
      default -> {
        // It lives.
      }
    }
  }

  private void take(Replica.Tokens tokens, boolean trusting) {
    if (trusting) {
      answer.take(new Replica.Tokens(tokens.sequence(), answer.count(), tokens.ids(), null));
    } else if (tokens.firstIndex() > answer.count()) {
      resume();
    } else {
      answer.take(tokens);
    }
  }

  private void resume() {
    if (answer.count() >= maxTokens) {
      end(End.COMPLETED);
    } else if (attempt().lost() > MAX_RESUMES) {
      end(End.FAILED);
    } else {
      again(RETRY_NANOS);
    }
  }

  private void again(long pause) {
    attempt().giveUp();
    int epoch = attempt().key().epoch();
    clock.after(
        pause,
        () -> {
          if (!over && attempt().key().epoch() == epoch && attempt().phase() == Phase.PAUSING) {
            place();
          }
        });
  }

  private void beat() {
    Phase phase = attempt().phase();
    if (over || (deaf && phase == Phase.PLACING)) {
      return;
    }
    long now = clock.now();
    if (now >= deadline) {
      end(End.FAILED);
      return;
    }
    if ((phase == Phase.STARTING || phase == Phase.RUNNING) && now - heard > LOST_NANOS) {
      attempt().doubt();
      resume();
    } else if (phase == Phase.PLACING && now - asked > PLACE_AGAIN_NANOS) {
      place();
    } else {
      attempt().beat();
    }
    clock.after(500 * Clockwork.MILLI, this::beat);
  }

  private void end(End how) {
    over = true;
    attempt().end();
    ended.accept(how);
  }
}
