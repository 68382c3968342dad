package io.sampo.cluster.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SeedTest {

  @ParameterizedTest
  @CsvSource({"a.example:7355, a.example", "127.0.0.1:7355, 127.0.0.1", "[::1]:7355, ::1"})
  void isAHostAndAPort(String text, String host) {
    Seed seed = Seed.parse(text);
    assertThat(seed).isEqualTo(new Seed(host, 7355)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a", ":1", "a:", "a:x", "a:0", "a:65536", "a:-1", "::1:7355", "a:1:2"})
  void isNothingElse(String text) {
    assertThatThrownBy(() -> Seed.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anUnknownNameIsLeftOutAndTheOthersStay() {
    Seeds seeds = new Seeds(List.of(new Seed("no.such.host.invalid", 1), new Seed("127.0.0.1", 2)));
    assertThat(seeds.addresses()).map(InetSocketAddress::toString).containsExactly("/127.0.0.1:2");
  }
}
