package io.sampo.cluster.deploy;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The Helm chart, by Helm itself. */
final class Chart {

  static final Path FOLDER = Path.of("..", "ops", "deploy", "helm");
  private static final YAMLMapper YAML = new YAMLMapper();

  private Chart() {}

  static LintResult lint() {
    return new Helm(FOLDER).lint().strict().call();
  }

  /** What it gives with its values, but for these. */
  static String rendered(Map<String, Object> values) {
    TemplateCommand template =
        new Helm(FOLDER)
            .template()
            .withName("sampo")
            .withNamespace("default")
            .withKubeVersion("1.34.0");
    values.forEach(template::set);
    return template.call();
  }

  static List<JsonNode> objects(String rendered) {
    List<JsonNode> objects = new ArrayList<>();
    YAML.readerFor(JsonNode.class)
        .<JsonNode>readValues(rendered)
        .forEachRemaining(
            object -> {
              if (object.isObject()) {
                objects.add(object);
              }
            });
    return objects;
  }

  /**
   * Compares an object with what Kubernetes says of its kind.
   *
   * @throws IllegalArgumentException when it has a field that the kind has not, or lacks one
   */
  static void check(JsonNode object) throws IOException {
    JsonElement json = JsonParser.parseString(object.toString());
    String kind = object.get("kind").stringValue();
    switch (kind) {
      case "StatefulSet" -> V1StatefulSet.validateJsonElement(json);
      case "Service" -> V1Service.validateJsonElement(json);
      case "PodDisruptionBudget" -> V1PodDisruptionBudget.validateJsonElement(json);
      case "NetworkPolicy" -> V1NetworkPolicy.validateJsonElement(json);
      case "HorizontalPodAutoscaler" -> V2HorizontalPodAutoscaler.validateJsonElement(json);
      case "ConfigMap" -> V1ConfigMap.validateJsonElement(json);
      // Kinds of the Prometheus operator, whose definitions come with it.
      case "ServiceMonitor", "PrometheusRule" -> {}
      default -> throw new IllegalArgumentException("unexpected kind " + kind);
    }
  }
}
