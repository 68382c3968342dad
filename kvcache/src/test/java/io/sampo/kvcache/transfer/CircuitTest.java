package io.sampo.kvcache.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CircuitTest {

  private final Circuit circuit = new Circuit(Duration.ofNanos(10), Duration.ofNanos(35));

  @Test
  void bypassesAPeerForATimeThatGrows() {
    long now = Long.MAX_VALUE - 5;
    for (long pause : new long[] {10, 20, 35, 35}) {
      assertThat(circuit.admits(now)).isTrue();
      circuit.failed(now);
      assertThat(circuit.bypasses(now + pause - 1)).isTrue();
      assertThat(circuit.bypasses(now + pause)).isFalse();
      now += pause;
    }
    assertThat(circuit.admits(now)).isTrue();
    circuit.succeeded();
    assertThat(circuit.admits(now)).isTrue();
    circuit.failed(now);
    assertThat(circuit.bypasses(now + 10)).isFalse();
  }

  @Test
  void letsOneTryAPeerThatFailed() {
    assertThat(circuit.admits(0)).isTrue();
    circuit.failed(0);
    assertThat(circuit.admits(10)).isTrue();
    assertThat(circuit.admits(10)).isFalse();
    circuit.undecided();
    assertThat(circuit.admits(10)).isTrue();
    circuit.succeeded();
    assertThat(circuit.admits(10)).isTrue();
    assertThat(circuit.admits(10)).isTrue();
  }

  @Test
  void countsFailuresAtATimeAsOne() {
    circuit.admits(0);
    circuit.admits(0);
    circuit.failed(0);
    circuit.failed(1);
    assertThat(circuit.bypasses(10)).isFalse();
  }
}
