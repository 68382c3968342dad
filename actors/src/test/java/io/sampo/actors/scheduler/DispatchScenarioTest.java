package io.sampo.actors.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each file of {@code scenarios/scheduler} is a list of commands, each with the transcript that is
 * expected of it below a line of dashes; lines that begin with # explain.
 */
class DispatchScenarioTest {

  private static final String DASHES = "\n----\n";

  static Stream<Path> scenarios() throws IOException, URISyntaxException {
    Path folder =
        Path.of(
            Objects.requireNonNull(DispatchScenarioTest.class.getResource("/scenarios/scheduler"))
                .toURI());
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void goesAsItIsWritten(Path file) {
    DispatchScenario scenario = new DispatchScenario();
    StringBuilder actual = new StringBuilder();
    for (String block : text(file).split("\n\n", -1)) {
      actual.append(block.startsWith("#") ? block : answered(scenario, block)).append("\n\n");
    }
    assertThat(actual.toString().strip()).isEqualTo(text(file).strip());
  }

  private static String answered(DispatchScenario scenario, String block) {
    String command = block.strip().lines().findFirst().orElseThrow();
    return command + DASHES + scenario.run(command);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
