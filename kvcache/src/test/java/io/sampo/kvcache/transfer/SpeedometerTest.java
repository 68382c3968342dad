package io.sampo.kvcache.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class SpeedometerTest {

  private static final long SECOND = 1_000_000_000;

  private final Speedometer speedometer = new Speedometer();

  private PeerSpeed speed(long now) {
    return Objects.requireNonNull(speedometer.speed(now));
  }

  @Test
  void knowsNothingBeforeItHasMeasured() {
    assertThat(speedometer.speed(0)).isNull();
    speedometer.moved(1000, 10, 0);
    assertThat(speedometer.speed(0)).as("so little tells nothing").isNull();
  }

  @Test
  void followsWhatItMeasuresAndSaysHowOldThatIs() {
    speedometer.answered(SECOND / 1000, 0);
    speedometer.moved(1 << 30, SECOND, 0);
    assertThat(speed(0).bytesPerSecond()).isEqualTo(1 << 30);
    assertThat(speed(0).roundTrip()).isEqualTo(Duration.ofMillis(1));
    assertThat(speed(0).expected(1 << 29)).isEqualTo(Duration.ofMillis(501));
    for (int i = 0; i < 20; i++) {
      speedometer.moved(125_000, SECOND, i);
    }
    assertThat(speed(20).bytesPerSecond()).isCloseTo(125_000, within(1_000_000.0));
    assertThat(speed(19 + SECOND).age()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void countsAStallAsTheSlowestThereIs() {
    speedometer.moved(0, SECOND, 0);
    assertThat(speed(0).bytesPerSecond()).isEqualTo(1);
    assertThat(speed(0).expected(Long.MAX_VALUE)).isGreaterThan(Duration.ofDays(365));
  }
}
