package io.sampo.actors.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.scheduler.WaitingQueue.Waiting;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class WaitingQueueTest {

  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final ActorRef<Scheduler.Reply> NOBODY =
      KIT.<Scheduler.Reply>createTestProbe().ref();
  private static final Duration STEP = Duration.ofSeconds(10);

  private final WaitingQueue queue = new WaitingQueue(4, STEP);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void servesByPriorityThenByArrival() {
    offer(1, 0, 1);
    offer(2, 1, 2);
    offer(3, -1, 3);
    offer(4, 0, 4);

    assertThat(order()).containsExactly(key(3), key(1), key(4), key(2));
  }

  @Test
  void waitingMakesUpForALackOfUrgency() {
    offer(1, 2, 0);
    offer(2, 0, 19);
    offer(3, 0, 21);
    offer(4, -100, 1021);

    assertThat(order()).containsExactly(key(2), key(1), key(3), key(4));
  }

  @Test
  void takesOutTheOldOnesWhereverTheyStandAndHoldsNoMoreThanItsBound() {
    offer(1, 100, 0);
    offer(2, 0, 0);
    offer(3, -100, 50);
    offer(4, 0, 50);

    assertThat(queue.offer(waiting(5, -100, 50, ServiceClass.INTERACTIVE), 4)).isFalse();
    assertThat(queue.offer(waiting(4, -100, 50, ServiceClass.INTERACTIVE), 4)).isTrue();
    assertThat(queue.removeOlderThan(seconds(40), true, seconds(50)))
        .extracting(waiting -> waiting.request().sequence())
        .containsExactlyInAnyOrder(key(1), key(2));
    assertThat(order()).containsExactly(key(3), key(4));
    assertThat(queue.remove(key(3))).isTrue();
    assertThat(queue.remove(key(3))).isFalse();
  }

  @Test
  void whatNobodyWaitsForIsDueLaterAndNeverTakesMoreThanHalfOfTheRoom() {
    assertThat(queue.offer(waiting(1, 0, 0, ServiceClass.BATCH), 2)).isTrue();
    assertThat(queue.offer(waiting(2, 0, 0, ServiceClass.BATCH), 4)).isTrue();
    assertThat(queue.offer(waiting(3, 0, 0, ServiceClass.BATCH), 4)).isFalse();
    offer(4, 0, 57);
    offer(5, 0, 59);

    assertThat(order()).containsExactly(key(4), key(1), key(2), key(5));
    assertThat(queue.removeOlderThan(seconds(0), false, seconds(100)))
        .extracting(waiting -> waiting.request().sequence())
        .containsExactlyInAnyOrder(key(4), key(5));
  }

  private void offer(int sequence, int priority, long second) {
    assertThat(queue.offer(waiting(sequence, priority, second, ServiceClass.INTERACTIVE), 4))
        .isTrue();
  }

  private static Waiting waiting(int sequence, int priority, long second, ServiceClass service) {
    PlacementRequest request =
        new PlacementRequest(
            key(sequence), null, 10, 5, new long[0], priority, service, 60_000, NOBODY);
    long slack = seconds(service == ServiceClass.BATCH ? 60 : 2);
    return new Waiting(request, Located.NOWHERE, seconds(second), slack);
  }

  private static long seconds(long seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }

  private List<SequenceKey> order() {
    return queue.inOrder().stream().map(waiting -> waiting.request().sequence()).toList();
  }

  private static SequenceKey key(int sequence) {
    return new SequenceKey("g" + sequence, 0, 0);
  }
}
