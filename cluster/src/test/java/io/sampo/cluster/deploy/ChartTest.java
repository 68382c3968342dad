package io.sampo.cluster.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.cluster.cli.settings.Flag;
import io.sampo.cluster.cli.settings.Flags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The Helm chart, the manifests made of it, and the environment files of the systemd units. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class ChartTest {

  private static final Path DEPLOY = Path.of("..", "ops", "deploy");

  private static final Map<String, Object> EVERYTHING =
      Map.of(
          "engine.autoscaling.enabled",
          true,
          "engine.gpus",
          1,
          "engine.nodeSelector.disk",
          "fast",
          "gateway.allowedHosts[0]",
          "llm.example.org",
          "gateway.extraArgs[0]",
          "--debug-headers",
          "monitoring.serviceMonitor",
          true,
          "monitoring.rules",
          true,
          "monitoring.dashboards",
          true,
          "gateway.storageClass",
          "fast");

  private static List<JsonNode> objects(Map<String, Object> values) {
    return Chart.objects(Chart.rendered(values));
  }

  private static List<JsonNode> ofKind(Map<String, Object> values, String kind) {
    return objects(values).stream()
        .filter(object -> object.get("kind").stringValue().equals(kind))
        .toList();
  }

  @Test
  void helmFindsNothingToSay() {
    assertThat(Chart.lint().getMessages())
        .noneMatch(message -> message.contains("[ERROR]") || message.contains("[WARNING]"));
    assertThat(Chart.lint().isFailed()).isFalse();
  }

  @Test
  void everyObjectHasOnlyFieldsThatItsKindHas() throws Exception {
    assertThat(objects(Map.of())).hasSize(7);
    assertThat(objects(EVERYTHING)).hasSize(11);
    for (Map<String, Object> values : List.of(Map.<String, Object>of(), EVERYTHING)) {
      for (JsonNode object : objects(values)) {
        Chart.check(object);
      }
    }
    ObjectNode wrong = (ObjectNode) ofKind(Map.of(), "StatefulSet").getFirst();
    ((ObjectNode) wrong.at("/spec/template/spec/containers/0")).put("livenesProbe", "typo");
    assertThatThrownBy(() -> Chart.check(wrong)).hasMessageContaining("livenesProbe");
  }

  @Test
  void aValueThatTheChartDoesNotKnowIsRefused() {
    assertThatThrownBy(() -> Chart.rendered(Map.of("gateway.replcas", 3)))
        .hasMessageContaining("replcas");
    assertThatThrownBy(() -> Chart.rendered(Map.of("stopSeconds", 30)))
        .hasMessageContaining("stopSeconds");
  }

  @Test
  void podsAreAskedHowTheyAreDrainBeforeTheyEndAndMayDoLittle() {
    for (JsonNode set : ofKind(EVERYTHING, "StatefulSet")) {
      JsonNode pod = set.at("/spec/template/spec");
      JsonNode container = pod.at("/containers/0");
      assertThat(container.at("/livenessProbe/httpGet/path").stringValue()).isEqualTo("/live");
      assertThat(container.at("/readinessProbe/httpGet/path").stringValue()).isEqualTo("/ready");
      // A drain takes 30 s at most, and the rest of a stop as long again.
      assertThat(pod.get("terminationGracePeriodSeconds").intValue()).isGreaterThanOrEqualTo(70);
      assertThat(pod.at("/securityContext/runAsNonRoot").booleanValue()).isTrue();
      assertThat(pod.get("automountServiceAccountToken").booleanValue()).isFalse();
      assertThat(container.at("/securityContext/readOnlyRootFilesystem").booleanValue()).isTrue();
      assertThat(container.at("/securityContext/capabilities/drop/0").stringValue())
          .isEqualTo("ALL");
    }
    JsonNode nodes =
        ofKind(EVERYTHING, "Service").stream()
            .filter(
                service ->
                    service
                        .at("/metadata/name")
                        .stringValue()
                        .equals(
                            ofKind(EVERYTHING, "StatefulSet")
                                .getFirst()
                                .at("/spec/serviceName")
                                .stringValue()))
            .findFirst()
            .orElseThrow();
    assertThat(nodes.at("/spec/clusterIP").stringValue()).isEqualTo("None");
    assertThat(nodes.at("/spec/publishNotReadyAddresses").booleanValue()).isTrue();
  }

  /** A flag that is renamed must not be found out by whoever deploys next. */
  @Test
  void everyFlagAndVariableThatIsGivenToANodeIsOne() throws IOException {
    Set<String> known =
        Stream.concat(Flags.NODE.stream(), Flags.SERVE.stream())
            .map(Flag::name)
            .collect(Collectors.toSet());
    for (JsonNode set : ofKind(EVERYTHING, "StatefulSet")) {
      List<String> words =
          set.at("/spec/template/spec/containers/0/args")
              .valueStream()
              .map(JsonNode::stringValue)
              .toList();
      assertThat(words.getFirst()).isEqualTo("node");
      assertThat(
              words.stream()
                  .skip(1)
                  .map(word -> word.replaceFirst("^--|=.*", "").replaceFirst("=.*", "")))
          .isSubsetOf(known);
    }
    for (String file : List.of("gateway.env", "engine.env")) {
      assertThat(
              Files.readAllLines(DEPLOY.resolve("systemd").resolve(file)).stream()
                  .filter(line -> line.matches("#?SAMPO_\\w+=.*"))
                  .map(line -> line.replaceFirst("#?SAMPO_(\\w+)=.*", "$1"))
                  .map(name -> name.toLowerCase(Locale.ROOT).replace('_', '-')))
          .isNotEmpty()
          .isSubsetOf(known);
    }
  }

  /** Of those that this machine has; the script names the others. */
  @Test
  void noValidatorFindsAnything() throws Exception {
    Process check =
        new ProcessBuilder("bash", DEPLOY.resolve("check.sh").toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(check.getInputStream().readAllBytes(), UTF_8);
    assertThat(check.waitFor()).as(said).isZero();
    assertThat(said).contains("0 failed");
  }

  @Test
  void thePlainManifestsAreWhatTheChartGives() throws IOException {
    String rendered = Chart.rendered(Map.of());
    Path file = DEPLOY.resolve("kubernetes").resolve("sampo.yaml");
    if (Boolean.getBoolean("deploy.write")) {
      Files.writeString(file, rendered);
    }
    assertThat(Files.readString(file, UTF_8)).isEqualTo(rendered);
  }
}
