package io.sampo.actors.detour;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.detour.BoundedLoad.Choice;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.Priority;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A gateway whose router falls silent. */
class DetourTest {

  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final ModelId MODEL = new ModelId("m");

  private final TestProbe<Scheduler.Reply> replies = KIT.createTestProbe();
  private final TestProbe<Replica.Command> replica = KIT.createTestProbe();
  private final List<Router.Command> routed = new ArrayList<>();
  private final Detour detour = new Detour(routed::add);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static ReplicaId id(int ordinal) {
    return new ReplicaId(MODEL, ordinal);
  }

  private Replica.Report report(int ordinal, int places, SequenceKey... running) {
    return new Replica.Report(
        id(ordinal),
        replica.ref(),
        Replica.State.READY,
        new EngineCapabilities(
            "simulated", true, "none", 2048, places, 300, 128, true, false, ModelTask.GENERATE, 0),
        null,
        List.of(running),
        null,
        0,
        null);
  }

  private static SequenceKey key(int number) {
    return new SequenceKey("g" + number, 0, 0);
  }

  private Router.Place place(int number, int tokens) {
    return new Router.Place(
        new PlacementRequest(
            key(number),
            null,
            tokens,
            0,
            new long[0],
            Priority.NORMAL,
            ServiceClass.INTERACTIVE,
            1000,
            replies.ref()));
  }

  @Test
  void everythingGoesToTheRouterWhileItAnswers() {
    detour.heard(List.of(report(0, 4)));
    detour.accept(place(1, 10));
    assertThat(routed).hasSize(1);
    replies.expectNoMessage();
  }

  @Test
  void whoWaitsForASilentRouterIsPlacedAndWhoRunsIsNot() {
    detour.heard(List.of(report(0, 4, key(1))));
    detour.accept(place(1, 10));
    detour.accept(place(2, 10));
    detour.silent();
    Scheduler.Assigned assigned = replies.expectMessageClass(Scheduler.Assigned.class);
    assertThat(assigned.sequence()).isEqualTo(key(2));
    assertThat(assigned.route()).startsWith("fallback");
    replies.expectNoMessage();
    assertThat(detour.count()).isEqualTo(1);
  }

  @Test
  void noReplicaIsGivenMoreThanItHasPlacesFor() {
    detour.heard(List.of(report(0, 2), report(1, 1)));
    detour.silent();
    Map<ReplicaId, Integer> given = new HashMap<>();
    for (int i = 0; i < 3; i++) {
      detour.accept(place(i, 10));
      given.merge(replies.expectMessageClass(Scheduler.Assigned.class).replica(), 1, Integer::sum);
    }
    assertThat(given).isEqualTo(Map.of(id(0), 2, id(1), 1));
    detour.accept(place(3, 10));
    assertThat(replies.expectMessageClass(Scheduler.Refused.class).failure().code())
        .isEqualTo(ErrorCode.OVERLOADED);
    detour.accept(new Router.Release(key(0)));
    detour.accept(place(4, 10));
    replies.expectMessageClass(Scheduler.Assigned.class);
  }

  @Test
  void aReplicaThatIsDoubtedGetsNothing() {
    detour.heard(List.of(report(0, 9), report(1, 9)));
    detour.silent();
    detour.accept(new Router.ReplicaDoubted(id(0)));
    for (int i = 0; i < 5; i++) {
      detour.accept(place(i, 10));
      assertThat(replies.expectMessageClass(Scheduler.Assigned.class).replica()).isEqualTo(id(1));
    }
  }

  @Test
  void aReplicaThatIsDrainedGetsNothing() {
    detour.heard(List.of(report(0, 9), report(1, 9)));
    detour.silent();
    detour.drained(Set.of(id(0)));
    for (int i = 0; i < 5; i++) {
      detour.accept(place(i, 10));
      assertThat(replies.expectMessageClass(Scheduler.Assigned.class).replica()).isEqualTo(id(1));
    }
    detour.drained(Set.of(id(0), id(1)));
    detour.accept(place(6, 10));
    assertThat(routed).hasSize(1);
  }

  @Test
  void withoutAReplicaTheRouterIsAskedAllTheSame() {
    detour.silent();
    detour.accept(place(1, 10));
    assertThat(routed).hasSize(1);
  }

  @Test
  void aReplicaThatGoesMovesItsOwnKeysOnly() {
    List<Choice> four = IntStream.range(0, 4).mapToObj(i -> new Choice(id(i), 0, 100)).toList();
    List<Choice> three = four.subList(0, 3);
    int[] counts = new int[4];
    for (int key = 0; key < 1000; key++) {
      ReplicaId before = BoundedLoad.choose("key" + key, four).orElseThrow();
      ReplicaId after = BoundedLoad.choose("key" + key, three).orElseThrow();
      counts[before.ordinal()]++;
      assertThat(before.ordinal() == 3 || before.equals(after)).isTrue();
    }
    assertThat(Arrays.stream(counts).min().orElse(0)).isGreaterThan(150);
  }
}
