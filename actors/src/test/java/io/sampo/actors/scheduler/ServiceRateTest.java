package io.sampo.actors.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ServiceRateTest {

  private static final Duration MAX_WAIT = Duration.ofSeconds(60);

  private final ServiceRate rate = new ServiceRate();
  private long now;

  private void release(int times, Duration every) {
    for (int i = 0; i < times; i++) {
      now += every.toNanos();
      rate.released(now);
    }
  }

  @Test
  void noMoreWaitThanTheLongestWaitAllowsOnceThatIsKnown() {
    assertThat(rate.bound(MAX_WAIT, 8, 512)).isEqualTo(512);
    rate.waiting(true, now);
    release(50, Duration.ofMillis(500));

    assertThat(rate.bound(MAX_WAIT, 8, 512)).isBetween(118, 122);
    assertThat(rate.bound(MAX_WAIT, 8, 100)).isEqualTo(100);
    assertThat(rate.retryAfterSeconds(120)).isBetween(29, 31);
  }

  @Test
  void asManyAsRunMayAlwaysWait() {
    rate.waiting(true, now);
    release(50, Duration.ofSeconds(30));

    assertThat(rate.bound(MAX_WAIT, 8, 512)).isEqualTo(8);
  }

  @Test
  void whatHappensWhileNobodyWaitsSaysNothing() {
    release(50, Duration.ofSeconds(30));

    assertThat(rate.perSecond()).isZero();
  }
}
