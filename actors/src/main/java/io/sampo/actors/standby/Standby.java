package io.sampo.actors.standby;

import io.sampo.actors.wire.WireMessage;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the records of this gateway's streams, has each copied to one other gateway, keeps the
 * copies of others, and finds a stream that a client comes back to.
 *
 * <p>Tokens are copied behind the stream: no stream waits for another gateway. The {@link
 * Note.Kept} that comes back tells the stream's generation what it need not tell its client to
 * remember.
 */
public final class Standby extends AbstractMatchingBehavior<Standby.Command> {

  public sealed interface Command {}

  /** The other gateways that can be reached. */
  public record Peers(List<ActorRef<Command>> peers) implements Command {}

  /**
   * A stream begins on this gateway.
   *
   * @param atMost how long it may run
   * @param owner its generation
   */
  public record Begin(StreamRecord record, Duration atMost, ActorRef<Note> owner)
      implements Command {}

  /** As {@link Begin}, of a stream on another gateway. */
  public record Copy(StreamRecord record, long atMostMillis, ActorRef<Note> owner)
      implements Command, WireMessage {}

  /** An answer has emitted these tokens, from this index on. */
  public record Extend(String stream, int turn, int answer, int from, int[] ids)
      implements Command, WireMessage {}

  /**
   * The stream's generation has ended, for whatever reason; its client may come back for a while.
   */
  public record Rest(String stream, int turn) implements Command, WireMessage {}

  /** A client has come back; answered once with what the gateways know. */
  public record Find(String stream, ActorRef<Found> replyTo) implements Command {}

  /**
   * A gateway goes on with a stream; whoever still runs it ends it. A record that is too large for
   * a message is known on its own gateway only.
   */
  public record Claim(String stream, ActorRef<Claimed> replyTo) implements Command, WireMessage {}

  /** Engines died of a request, and it is in quarantine on this gateway; the others hear of it. */
  public record Quarantine(long fingerprint) implements Command {}

  /** As {@link Quarantine}, from another gateway. */
  public record Quarantined(long fingerprint) implements Command, WireMessage {}

  private record Answered(Claimed answer) implements Command {}

  private record FindLimitPassed(String stream) implements Command {}

  private enum Timer implements Command {
    EXPIRE
  }

  /**
   * The answer to {@link Find}.
   *
   * @param record null where no gateway has one
   */
  public record Found(String stream, @Nullable StreamRecord record) {}

  /** The answer to {@link Claim}, null where there is none here. */
  public record Claimed(String stream, @Nullable StreamRecord record) implements WireMessage {}

  /** What a stream's generation hears. */
  public sealed interface Note extends WireMessage {

    /** So many tokens of an answer are on another gateway. */
    record Kept(int answer, int tokens) implements Note {}

    /** No other gateway has a copy. */
    record Alone() implements Note {}

    /** The client has come back elsewhere; nobody hears this generation any more. */
    record Superseded() implements Note {}
  }

  private static final Duration EXPIRY_INTERVAL = Duration.ofSeconds(5);

  private final StandbySettings settings;
  private final TimerScheduler<Command> timers;
  private final Consumer<StandbyStats> stats;
  private final LongConsumer quarantine;
  private final ActorRef<Claimed> claims;

  /** The oldest first. */
  private final Map<String, Keepsake> kept = new LinkedHashMap<>();

  private final Map<String, Search> searches = new HashMap<>();
  private List<ActorRef<Command>> peers = List.of();
  private int nextPeer;
  private long bytes;
  private long dropped;
  private long found;
  private long missed;

  private Standby(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      StandbySettings settings,
      Consumer<StandbyStats> stats,
      LongConsumer quarantine) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.stats = stats;
    this.quarantine = quarantine;
    this.claims = context.messageAdapter(Claimed.class, Answered::new);
  }

  /**
   * Makes the standby of one gateway.
   *
   * @param stats hears its figures now and then
   * @param quarantine hears of requests that are in quarantine on other gateways
   */
  public static Behavior<Command> create(
      StandbySettings settings, Consumer<StandbyStats> stats, LongConsumer quarantine) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new Standby(context, timers, settings, stats, quarantine)));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case Peers present -> onPeers(present.peers());
      case Begin begin -> onBegin(begin);
      case Copy copy -> onCopy(copy);
      case Extend extend -> onExtend(extend);
      case Rest rest -> onRest(rest);
      case Find find -> onFind(find);
      case Claim claim -> onClaim(claim);
      case Quarantine quarantine -> {
        Quarantined message = new Quarantined(quarantine.fingerprint());
        peers.forEach(peer -> peer.tell(message));
      }
      case Quarantined quarantined -> quarantine.accept(quarantined.fingerprint());
      case Answered answered -> onAnswered(answered.answer());
      case FindLimitPassed passed -> endSearch(passed.stream());
      case Timer timer -> onExpire();
    }
    return this;
  }

  private void onPeers(List<ActorRef<Command>> present) {
    peers = List.copyOf(present);
    Set<Address> there =
        peers.stream().map(peer -> peer.path().address()).collect(Collectors.toSet());
    for (Keepsake one : kept.values()) {
      if (one.own && (one.peer == null || !peers.contains(one.peer))) {
        copyElsewhere(one);
      } else if (!one.own && !there.contains(one.owner.path().address())) {
        rest(one);
      }
    }
  }

  private void onBegin(Begin begin) {
    Keepsake one = keep(begin.record(), begin.owner(), true, begin.atMost());
    if (one != null) {
      copyElsewhere(one);
    }
  }

  /** The peers take turns. */
  private void copyElsewhere(Keepsake one) {
    one.peer = null;
    if (peers.isEmpty() || one.bytes() > settings.maxCopyBytes()) {
      one.owner.tell(new Note.Alone());
      return;
    }
    ActorRef<Command> peer = peers.get(Math.floorMod(nextPeer++, peers.size()));
    one.peer = peer;
    long leftNanos = Math.max(0, one.expiresNanos - System.nanoTime());
    peer.tell(new Copy(one.record(), Duration.ofNanos(leftNanos).toMillis(), one.owner));
    if (one.resting) {
      peer.tell(new Rest(one.stream(), one.turn()));
    }
  }

  private void onCopy(Copy copy) {
    Keepsake known = kept.get(copy.record().stream());
    if (known != null && known.turn() > copy.record().turn()) {
      return;
    }
    Duration atMost = Duration.ofMillis(copy.atMostMillis());
    Keepsake one = keep(copy.record(), copy.owner(), false, atMost);
    if (one != null) {
      List<Integer> counts = one.counts();
      for (int answer = 0; answer < counts.size(); answer++) {
        one.owner.tell(new Note.Kept(answer, counts.get(answer)));
      }
    }
  }

  private @Nullable Keepsake keep(
      StreamRecord record, ActorRef<Note> owner, boolean own, Duration atMost) {
    forget(record.stream());
    long expires = System.nanoTime() + atMost.plus(settings.keepFor()).toNanos();
    Keepsake one = new Keepsake(record, owner, own, expires);
    bytes += one.bytes();
    kept.put(record.stream(), one);
    makeRoom();
    if (!timers.isTimerActive(Timer.EXPIRE)) {
      timers.startSingleTimer(Timer.EXPIRE, EXPIRY_INTERVAL);
    }
    return kept.get(record.stream());
  }

  /** Those that were left go first, and the oldest of those and of the others. */
  private void makeRoom() {
    for (boolean resting : new boolean[] {true, false}) {
      Iterator<Keepsake> all = kept.values().iterator();
      while (bytes > settings.maxBytes() && all.hasNext()) {
        Keepsake one = all.next();
        if (one.resting == resting) {
          all.remove();
          bytes -= one.bytes();
          dropped++;
          one.owner.tell(new Note.Alone());
        }
      }
    }
  }

  private void forget(String stream) {
    Keepsake one = kept.remove(stream);
    if (one != null) {
      bytes -= one.bytes();
    }
  }

  private void onExtend(Extend extend) {
    Keepsake one = of(extend.stream(), extend.turn());
    if (one == null || extend.answer() < 0 || extend.answer() >= StreamRecord.MAX_ANSWERS) {
      return;
    }
    long before = one.bytes();
    int known = one.extend(extend.answer(), extend.from(), extend.ids());
    bytes += one.bytes() - before;
    makeRoom();
    if (!one.own) {
      one.owner.tell(new Note.Kept(extend.answer(), known));
    } else if (one.bytes() > settings.maxCopyBytes()) {
      copyElsewhere(one);
    } else if (one.peer != null) {
      one.peer.tell(extend);
    }
  }

  private void onRest(Rest rest) {
    Keepsake one = of(rest.stream(), rest.turn());
    if (one != null) {
      rest(one);
      if (one.peer != null) {
        one.peer.tell(rest);
      }
    }
  }

  /** What an earlier turn still has to say is of no interest. */
  private @Nullable Keepsake of(String stream, int turn) {
    Keepsake one = kept.get(stream);
    return one != null && one.turn() == turn ? one : null;
  }

  private void rest(Keepsake one) {
    one.resting = true;
    long soon = System.nanoTime() + settings.keepFor().toNanos();
    one.expiresNanos = Math.min(one.expiresNanos, soon);
  }

  private void onFind(Find find) {
    endSearch(find.stream());
    searches.put(find.stream(), new Search(find.replyTo(), peers.size() + 1));
    timers.startSingleTimer(find, new FindLimitPassed(find.stream()), settings.findLimit());
    Claim claim = new Claim(find.stream(), claims);
    getContext().getSelf().tell(claim);
    peers.forEach(peer -> peer.tell(claim));
  }

  private void onClaim(Claim claim) {
    Keepsake one = kept.get(claim.stream());
    boolean here = claim.replyTo().path().address().hasLocalScope();
    StreamRecord record =
        one != null && (here || one.bytes() <= settings.maxCopyBytes()) ? one.record() : null;
    claim.replyTo().tell(new Claimed(claim.stream(), record));
    if (one != null && one.own && !one.resting) {
      one.owner.tell(new Note.Superseded());
    }
  }

  private void onAnswered(Claimed answer) {
    Search search = searches.get(answer.stream());
    if (search != null && search.heard(answer.record())) {
      endSearch(answer.stream());
    }
  }

  private void endSearch(String stream) {
    Search search = searches.remove(stream);
    if (search != null) {
      boolean successful = search.end(stream);
      found += successful ? 1 : 0;
      missed += successful ? 0 : 1;
      tellStats();
    }
  }

  private void onExpire() {
    long now = System.nanoTime();
    kept.values()
        .removeIf(
            one -> {
              boolean over = now - one.expiresNanos > 0;
              bytes -= over ? one.bytes() : 0;
              return over;
            });
    if (!kept.isEmpty()) {
      timers.startSingleTimer(Timer.EXPIRE, EXPIRY_INTERVAL);
    }
    tellStats();
  }

  private void tellStats() {
    int own = 0;
    int copies = 0;
    int resting = 0;
    for (Keepsake one : kept.values()) {
      own += one.own && !one.resting ? 1 : 0;
      copies += one.own ? 0 : 1;
      resting += one.own && one.resting ? 1 : 0;
    }
    stats.accept(new StandbyStats(own, copies, resting, bytes, dropped, found, missed));
  }
}
