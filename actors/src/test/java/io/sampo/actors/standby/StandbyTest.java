package io.sampo.actors.standby;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.standby.Standby.Note;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The standbys of two gateways, and generations that the test plays. */
@Timeout(30)
class StandbyTest {

  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Queue<Long> quarantined = new ConcurrentLinkedQueue<>();

  private final TestProbe<Note> owner = KIT.createTestProbe();
  private final TestProbe<Standby.Found> client = KIT.createTestProbe();
  private final ActorRef<Standby.Command> first = standby(1 << 20, 64 << 10);
  private final ActorRef<Standby.Command> second = standby(1 << 20, 64 << 10);

  private static ActorRef<Standby.Command> standby(long maxBytes, int maxCopyBytes) {
    return KIT.spawn(
        Standby.create(
            new StandbySettings(MINUTE, maxBytes, maxCopyBytes, Duration.ofMillis(300)),
            _ -> {},
            quarantined::add));
  }

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void know() {
    first.tell(new Standby.Peers(List.of(second)));
    second.tell(new Standby.Peers(List.of(first)));
  }

  private static StreamRecord fresh(String origin) {
    return new StreamRecord("s", origin, 0, List.of());
  }

  private StreamRecord find(ActorRef<Standby.Command> where) {
    where.tell(new Standby.Find("s", client.ref()));
    return Objects.requireNonNull(client.receiveMessage().record());
  }

  @Test
  void whatIsEmittedIsKnownOnTheOtherGateway() {
    first.tell(new Standby.Begin(fresh("request"), MINUTE, owner.ref()));
    first.tell(new Standby.Extend("s", 0, 1, 0, new int[] {7, 8}));
    assertThat(owner.receiveMessage()).isEqualTo(new Note.Kept(1, 2));
    KIT.stop(first);

    StreamRecord found = find(second);
    assertThat(found.origin()).isEqualTo("request");
    assertThat(found.ids().get(1)).containsExactly(7, 8);
  }

  @Test
  void tokensThatWouldLeaveAGapAreNotTaken() {
    first.tell(new Standby.Begin(fresh("request"), MINUTE, owner.ref()));
    first.tell(new Standby.Extend("s", 0, 0, 0, new int[] {1, 2}));
    first.tell(new Standby.Extend("s", 0, 0, 3, new int[] {4}));
    first.tell(new Standby.Extend("s", 0, 0, 1, new int[] {2, 3}));
    assertThat(find(first).ids().getFirst()).containsExactly(1, 2, 3);
  }

  @Test
  void whoeverStillRunsAStreamThatIsTakenUpElsewhereHearsOfIt() {
    first.tell(new Standby.Begin(fresh("request"), MINUTE, owner.ref()));
    find(second);
    owner.fishForMessage(
        Duration.ofSeconds(3),
        note ->
            note instanceof Note.Superseded
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
  }

  @Test
  void theLaterTurnHoldsAndAnEarlierOneHasNoSayAnyMore() {
    first.tell(new Standby.Begin(fresh("request"), MINUTE, owner.ref()));
    first.tell(new Standby.Extend("s", 0, 0, 0, new int[] {1, 2, 3}));
    owner.receiveMessage();
    second.tell(
        new Standby.Begin(
            new StreamRecord("s", "request", 1, List.of(new int[] {1})), MINUTE, owner.ref()));
    first.tell(new Standby.Extend("s", 0, 0, 3, new int[] {4}));
    second.tell(new Standby.Extend("s", 1, 0, 1, new int[] {9}));

    assertThat(find(second).ids().getFirst()).containsExactly(1, 9);
  }

  @Test
  void aStreamMovesToAnotherGatewayWhenTheOneWithTheCopyGoes() {
    ActorRef<Standby.Command> third = standby(1 << 20, 64 << 10);
    first.tell(new Standby.Begin(fresh("request"), MINUTE, owner.ref()));
    first.tell(new Standby.Extend("s", 0, 0, 0, new int[] {1}));
    owner.receiveMessage();
    KIT.stop(second);
    first.tell(new Standby.Peers(List.of(third)));
    assertThat(owner.receiveMessage()).isEqualTo(new Note.Kept(0, 1));
    KIT.stop(first);
    assertThat(find(third).ids().getFirst()).containsExactly(1);
  }

  @Test
  void aRequestThatIsTooLongForACopyIsKeptOnItsOwnGatewayOnly() {
    first.tell(new Standby.Begin(fresh("x".repeat(40 << 10)), MINUTE, owner.ref()));
    assertThat(owner.receiveMessage()).isEqualTo(new Note.Alone());
    assertThat(find(second).origin()).hasSize(40 << 10);
  }

  @Test
  void theOldestThatWasLeftGoesFirstWhereThereIsNoRoom() {
    ActorRef<Standby.Command> small = standby(30_000, 0);
    for (String name : List.of("live", "left", "new")) {
      StreamRecord record = new StreamRecord(name, "x".repeat(6_000), 0, List.of());
      small.tell(new Standby.Begin(record, MINUTE, owner.ref()));
      if (name.equals("left")) {
        small.tell(new Standby.Rest("left", 0));
      }
    }
    for (String name : List.of("live", "left", "new")) {
      small.tell(new Standby.Find(name, client.ref()));
      assertThat(client.receiveMessage().record() == null).isEqualTo(name.equals("left"));
    }
  }

  @Test
  void whatIsInQuarantineOnOneGatewayIsSoOnTheOther() {
    first.tell(new Standby.Quarantine(77));
    first.tell(new Standby.Find("s", client.ref()));
    client.receiveMessage();
    assertThat(quarantined).containsExactly(77L);
  }

  @Test
  void nobodyKnowsAStreamThatNeverWas() {
    first.tell(new Standby.Find("s", client.ref()));
    assertThat(client.receiveMessage().record()).isNull();
  }
}
