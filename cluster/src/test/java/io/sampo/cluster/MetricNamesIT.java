package io.sampo.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Dashboards and alerts speak of what a node tells, by names that only strings hold together. */
@Timeout(120)
class MetricNamesIT {

  private static final Path FILES = Path.of("..", "ops", "deploy", "helm", "files");
  private static final Pattern NAMED =
      Pattern.compile("(?<![\\w:-])(?:vllm:|sampo_|jvm_|process_|system_)[a-z0-9_]+");

  @TempDir Path folder;

  private static Set<String> names(Path file) throws Exception {
    return NAMED
        .matcher(Files.readString(file, UTF_8))
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static HttpRequest post(String url, String id, int tokens) {
    return post(url, id, TestCluster.body("Tell me", tokens));
  }

  private static HttpRequest post(String url, String id, String body) {
    return HttpRequest.newBuilder(URI.create(url))
        .timeout(Duration.ofMinutes(1))
        .header("content-type", "application/json")
        .header("x-request-id", id)
        .POST(BodyPublishers.ofString(body))
        .build();
  }

  @Test
  void everyMetricOfDashboardsAndAlertsIsOneThatANodeTells() throws Exception {
    try (NodeProcess node =
            NodeProcess.start(
                folder,
                "ready",
                "serve",
                "--engine=simulated",
                "--engine-option=profile=cpu-2core",
                "--port=0",
                "--kv-ram=16M",
                "--kv-disk=16M");
        HttpClient client = HttpClient.newHttpClient()) {
      String endpoint = "http://127.0.0.1:" + node.httpPort();
      String admin = node.told("admin").substring("on ".length());
      client.send(post(endpoint + "/v1/completions", "answered", 20), BodyHandlers.discarding());
      CompletableFuture<?> failing =
          client.sendAsync(
              post(endpoint + "/v1/completions", "ended", 3000), BodyHandlers.discarding());
      HttpRequest end = post(admin + "/admin/requests/cancel", "", "{\"id\":\"ended\"}");
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                client.send(end, BodyHandlers.discarding());
                return failing.isDone();
              });
      Set<String> wanted = names(FILES.resolve("rules.yaml"));
      wanted.addAll(names(FILES.resolve("cluster.json")));
      wanted.addAll(names(FILES.resolve("model.json")));
      assertThat(wanted).hasSizeGreaterThan(40);
      // What routers tell is published every few seconds.
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () ->
                  assertThat(
                          client
                              .send(
                                  HttpRequest.newBuilder(URI.create(admin + "/metrics")).build(),
                                  BodyHandlers.ofString())
                              .body()
                              .lines()
                              .filter(line -> !line.startsWith("#"))
                              .map(line -> line.replaceFirst("[{ ].*", ""))
                              .collect(Collectors.toSet()))
                      .containsAll(wanted));
    }
  }
}
