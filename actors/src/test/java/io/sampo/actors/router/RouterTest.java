package io.sampo.actors.router;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.scheduler.SchedulerSettings;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which replicas a router still counts on. */
@Timeout(30)
class RouterTest {

  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final ModelId MODEL = new ModelId("model");
  private static final ReplicaId REPLICA = new ReplicaId(MODEL, 0);

  private final TestProbe<Replica.Command> replica = KIT.createTestProbe();
  private final TestProbe<Router.Description> asker = KIT.createTestProbe();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void aDoubtedReplicaIsLeftOutUnlessItStillReports() {
    ActorRef<Router.Command> trusting = router(Duration.ofHours(1));
    report(trusting, Replica.State.READY);
    trusting.tell(new Router.ReplicaDoubted(REPLICA));
    assertThat(described(trusting)).hasSize(1);

    ActorRef<Router.Command> doubting = router(Duration.ZERO);
    report(doubting, Replica.State.READY);
    doubting.tell(new Router.ReplicaDoubted(REPLICA));
    assertThat(described(doubting)).isEmpty();
    report(doubting, Replica.State.READY);
    assertThat(described(doubting)).hasSize(1);
  }

  @Test
  void aReplicaThatLeavesIsLeftOutAtOnce() {
    ActorRef<Router.Command> router = router(Duration.ofHours(1));
    report(router, Replica.State.READY);
    report(router, Replica.State.LEAVING);
    assertThat(described(router)).isEmpty();
  }

  @Test
  void aSessionGoesWhereAnOperatorWantsItUnlessNobodyIsThere() {
    ActorRef<Router.Command> router = router(Duration.ofHours(1));
    TestProbe<Router.Rebound> rebound = KIT.createTestProbe();
    TestProbe<Router.Inspected> inspected = KIT.createTestProbe();
    router.tell(new Router.Rebind("s", REPLICA, rebound.ref()));
    assertThat(rebound.receiveMessage().refusal()).isEqualTo("there is no replica model#0");
    report(router, Replica.State.READY);
    router.tell(new Router.Rebind("s", REPLICA, rebound.ref()));
    assertThat(rebound.receiveMessage()).isEqualTo(new Router.Rebound(null, null));
    router.tell(new Router.Inspect(10, inspected.ref()));
    Router.Inspected told = inspected.receiveMessage();
    assertThat(told.sessions()).containsExactly(Map.entry("s", "model#0"));
    assertThat(told.scheduler().waiting()).isZero();
    router.tell(new Router.Rebind("s", null, rebound.ref()));
    assertThat(rebound.receiveMessage()).isEqualTo(new Router.Rebound(REPLICA, null));
    router.tell(new Router.Inspect(10, inspected.ref()));
    assertThat(inspected.receiveMessage().sessionCount()).isZero();
  }

  private ActorRef<Router.Command> router(Duration doubtAfter) {
    return KIT.spawn(
        Router.create(
            MODEL,
            new RouterSettings(
                Duration.ofHours(1), doubtAfter, 10, 1000, Duration.ofHours(1), "affinity"),
            SchedulerSettings.from(ConfigFactory.load())));
  }

  private void report(ActorRef<Router.Command> router, Replica.State state) {
    router.tell(
        new Router.ReplicaReported(
            new Replica.Report(
                REPLICA, replica.ref(), state, null, null, List.of(), null, 0, null)));
  }

  private List<Replica.Report> described(ActorRef<Router.Command> router) {
    router.tell(new Router.Describe(asker.ref()));
    return asker.receiveMessage().replicas();
  }
}
