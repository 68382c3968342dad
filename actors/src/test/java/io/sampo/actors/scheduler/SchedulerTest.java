package io.sampo.actors.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.policy.RoutingPolicies;
import io.sampo.actors.policy.Targets;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SchedulerTest {

  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final ManualTime TIME = ManualTime.get(KIT.system());
  private static final ReplicaId REPLICA = new ReplicaId(new ModelId("m"), 0);

  private final TestProbe<Scheduler.Reply> replies = KIT.createTestProbe();
  private final TestProbe<Scheduler.Placed> router = KIT.createTestProbe();
  private final TestProbe<Replica.Command> replica = KIT.createTestProbe();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void aRequestThatFitsNowhereGetsThePlaceThatIsReleasedFirst() {
    ActorRef<Scheduler.Command> scheduler = scheduler(2, Duration.ofSeconds(60));
    ready(scheduler, 1);
    assign(scheduler, 1);
    assign(scheduler, 2);
    assertThat(assigned()).isEqualTo(key(1));
    replies.expectNoMessage();

    scheduler.tell(new Scheduler.Release(key(1)));

    assertThat(assigned()).isEqualTo(key(2));
    assertThat(router.receiveMessage().request().sequence()).isEqualTo(key(1));
    assertThat(router.receiveMessage().request().sequence()).isEqualTo(key(2));
  }

  @Test
  void aMoreUrgentSequenceGetsThePlaceOfALessUrgentOneAndIsServedBeforeItInTheQueue() {
    ActorRef<Scheduler.Command> scheduler = scheduler(4, Duration.ofSeconds(60));
    ready(scheduler, 1);
    assign(scheduler, 1);
    assign(scheduler, 2);
    assign(scheduler, 3, -1);
    assign(scheduler, 4, -1);

    assertThat(List.of(assigned(), assigned())).containsExactly(key(1), key(3));
    replies.expectNoMessage();
    scheduler.tell(new Scheduler.Release(key(3)));
    assertThat(assigned()).isEqualTo(key(4));
    scheduler.tell(new Scheduler.Release(key(4)));
    replies.expectNoMessage();
    scheduler.tell(new Scheduler.Release(key(1)));
    assertThat(assigned()).isEqualTo(key(2));
  }

  @Test
  void aFullQueueRefusesAtOnceAndSaysWhenToComeBack() {
    ActorRef<Scheduler.Command> scheduler = scheduler(1, Duration.ofSeconds(60));
    assign(scheduler, 1);
    assign(scheduler, 2);

    Scheduler.Refused refused = replies.expectMessageClass(Scheduler.Refused.class);
    assertThat(refused.sequence()).isEqualTo(key(2));
    assertThat(refused.failure().code()).isEqualTo(ErrorCode.OVERLOADED);
    assertThat(refused.failure().retryAfterSeconds()).isPositive();
  }

  @Test
  void askingTwiceBooksOnce() {
    ActorRef<Scheduler.Command> scheduler = scheduler(4, Duration.ofSeconds(60));
    ready(scheduler, 2);
    assign(scheduler, 1);
    assign(scheduler, 1);
    assign(scheduler, 2);

    assertThat(List.of(assigned(), assigned(), assigned())).containsExactly(key(1), key(1), key(2));
  }

  @Test
  void oneThatNoLongerWantsToWaitLosesItsPlaceInTheQueue() {
    ActorRef<Scheduler.Command> scheduler = scheduler(4, Duration.ofSeconds(60));
    assign(scheduler, 1);
    assign(scheduler, 2);
    scheduler.tell(new Scheduler.Release(key(1)));
    ready(scheduler, 1);

    assertThat(assigned()).isEqualTo(key(2));
  }

  @Test
  void withoutAnyReplicaTheWaitEndsInARefusal() {
    ActorRef<Scheduler.Command> scheduler = scheduler(4, Duration.ZERO);
    assign(scheduler, 1);
    TIME.timePasses(Duration.ofSeconds(1));

    assertThat(replies.expectMessageClass(Scheduler.Refused.class).failure().code())
        .isEqualTo(ErrorCode.NO_CAPACITY);
  }

  @Test
  void aSequenceOfALostReplicaCanBePlacedAgain() {
    ActorRef<Scheduler.Command> scheduler = scheduler(4, Duration.ofSeconds(60));
    ready(scheduler, 1);
    assign(scheduler, 1);
    assertThat(assigned()).isEqualTo(key(1));
    scheduler.tell(new Scheduler.ReplicaLost(REPLICA));
    assign(scheduler, 2);
    replies.expectNoMessage();
    ready(scheduler, 1);

    assertThat(assigned()).isEqualTo(key(2));
  }

  private ActorRef<Scheduler.Command> scheduler(int waitingBound, Duration patience) {
    SchedulerSettings settings =
        new SchedulerSettings(
            waitingBound,
            Duration.ofSeconds(60),
            patience,
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            new Targets(2000, 200),
            new Targets(60_000, 5000),
            false);
    return KIT.spawn(
        Scheduler.create(settings, RoutingPolicies.create("affinity", false), router.ref()));
  }

  private void ready(ActorRef<Scheduler.Command> scheduler, int maxSequences) {
    scheduler.tell(
        new Scheduler.ReplicaReady(
            new ReadyReplica(REPLICA, maxSequences, true, Pace.UNKNOWN, null, List.of(), 0),
            replica.ref()));
  }

  private void assign(ActorRef<Scheduler.Command> scheduler, int sequence) {
    assign(scheduler, sequence, 0);
  }

  private void assign(ActorRef<Scheduler.Command> scheduler, int sequence, int priority) {
    scheduler.tell(
        new Scheduler.Assign(
            new PlacementRequest(
                key(sequence),
                null,
                10,
                5,
                new long[0],
                priority,
                ServiceClass.INTERACTIVE,
                60_000,
                replies.ref()),
            Located.NOWHERE));
  }

  private SequenceKey assigned() {
    return replies.expectMessageClass(Scheduler.Assigned.class).sequence();
  }

  private static SequenceKey key(int sequence) {
    return new SequenceKey("g" + sequence, 0, 0);
  }
}
