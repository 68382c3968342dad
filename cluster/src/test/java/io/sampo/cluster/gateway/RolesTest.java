package io.sampo.cluster.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.cluster.gateway.http.ApiKeys;
import io.sampo.cluster.gateway.http.KeyFile;
import io.sampo.cluster.gateway.http.Scope;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** T4 and T29: what each key may do, on every route there is. */
@Timeout(60)
class RolesTest {

  private static final Map<String, Scope> KEYS =
      Map.of("asks", Scope.INFER, "looks", Scope.READ, "operates", Scope.ADMIN);

  @TempDir Path folder;

  private ApiKeys keys() throws Exception {
    Path file = folder.resolve("keys");
    Files.writeString(
        file,
        "# who may do what\nasks\n"
            + KeyFile.line("read", "looks", "grafana")
            + "\nadmin operates ops\n");
    return ApiKeys.load(file);
  }

  @Test
  void everyRouteWantsAKeyOfItsScopeAndNoOther() throws Exception {
    try (TestGateway gateway = new TestGateway("", keys())) {
      for (Route route : gateway.gateway.routes()) {
        check(gateway.port(), route);
      }
      Route nothing = Route.get("/nothing/here", Scope.INFER, _ -> null);
      assertThat(send(gateway.port(), nothing, null).statusCode()).isEqualTo(401);
      assertThat(send(gateway.port(), nothing, "looks").statusCode()).isEqualTo(403);
      assertThat(send(gateway.port(), nothing, "asks").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void everyRouteForOperatorsWantsAKeyOfItsScopeAndNoOther() throws Exception {
    try (TestGateway gateway = new TestGateway("", ApiKeys.open())) {
      HttpGateway admin = gateway.admin(keys());
      for (Route route : admin.routes()) {
        check(admin.address().getPort(), route);
      }
      Route jolokia = Route.get("/jolokia/list", Scope.READ, _ -> null);
      assertThat(send(admin.address().getPort(), jolokia, null).statusCode()).isEqualTo(401);
      assertThat(send(admin.address().getPort(), jolokia, "looks").statusCode()).isEqualTo(404);
      assertThat(admin.routes()).extracting(Route::path).contains("/metrics", "/admin/nodes");
      admin.terminate(Duration.ZERO).toCompletableFuture().join();
    }
  }

  private static void check(int port, Route route) throws Exception {
    HttpResponse<String> open = send(port, route, null);
    if (route.scope() == Scope.NONE) {
      assertThat(route.path()).matches("/|/assets/[\\w.-]+|/health|/live|/ready|/version");
      assertThat(open.statusCode()).isNotEqualTo(401);
      return;
    }
    assertThat(open.statusCode()).as(route.path()).isEqualTo(401);
    assertThat(open.headers().firstValue("www-authenticate")).contains("Bearer");
    assertThat(send(port, route, "unknown").body()).isEqualTo(open.body());
    for (Map.Entry<String, Scope> key : KEYS.entrySet()) {
      HttpResponse<String> answer = send(port, route, key.getKey());
      boolean may = key.getValue() == Scope.ADMIN || key.getValue() == route.scope();
      if (may) {
        assertThat(answer.statusCode()).as(route.path()).isNotIn(401, 403);
      } else {
        assertThat(answer.statusCode()).as(route.path()).isEqualTo(403);
        assertThat(answer.body()).contains("insufficient_scope", "permission_error");
      }
    }
  }

  private static HttpResponse<String> send(int port, Route route, @Nullable String key)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + port + route.path().replace("{name}", "m")))
            .timeout(Duration.ofSeconds(20))
            .header("content-type", "text/plain")
            .method(
                route.method(),
                route.method().equals("GET")
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofString("x"));
    if (key != null) {
      request.header("authorization", "Bearer " + key);
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void aFileIsReadAgainWhenItChangesAndABrokenOneIsNot() throws Exception {
    Path file = folder.resolve("keys");
    Files.writeString(file, KeyFile.line("admin", "old", "ann") + "\n");
    ApiKeys keys = ApiKeys.load(file);
    assertThat(keys.owner("old", Scope.ADMIN)).contains("ann");
    Files.writeString(file, "admin\n");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(5)));
    Awaitility.await()
        .during(Duration.ofMillis(1200))
        .atMost(Duration.ofSeconds(5))
        .until(() -> keys.owner("old", Scope.ADMIN).isPresent());
    Files.writeString(file, KeyFile.line("read", "new", "bob") + "\n");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(10)));
    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> keys.owner("new", Scope.READ).isPresent());
    assertThat(keys.owner("old", Scope.ADMIN)).isEmpty();
    assertThat(keys.owner("new", Scope.ADMIN)).isEmpty();
  }

  /** The area under the curve of telling near misses from far ones by time; 0.5 is guessing. */
  @Test
  void timeDoesNotTellHowCloseAKeyWas() throws Exception {
    ApiKeys keys = ApiKeys.of(List.of("0123456789abcdef0123456789abcdef"));
    Random random = new Random(1);
    for (int warm = 0; warm < 20_000; warm++) {
      time(keys, "0123456789abcdef0123456789abcde" + warm % 10);
    }
    int rounds = 2000;
    long[] near = new long[rounds];
    long[] far = new long[rounds];
    for (int i = 0; i < rounds; i++) {
      String close = "0123456789abcdef0123456789abcde" + random.nextInt(10);
      String distant =
          "f" + random.nextInt(10) + "23456789abcdef0123456789abcde" + random.nextInt(10);
      if (random.nextBoolean()) {
        near[i] = time(keys, close);
        far[i] = time(keys, distant);
      } else {
        far[i] = time(keys, distant);
        near[i] = time(keys, close);
      }
    }
    double wins = 0;
    for (int i = 0; i < rounds; i++) {
      for (int j = 0; j < rounds; j += 10) {
        wins += near[i] > far[j] ? 1 : near[i] == far[j] ? 0.5 : 0;
      }
    }
    assertThat(wins / rounds / (rounds / 10.0)).isBetween(0.45, 0.55);
  }

  private static long time(ApiKeys keys, String key) {
    long begun = System.nanoTime();
    boolean known = keys.owner(key, Scope.INFER).isPresent();
    long took = System.nanoTime() - begun;
    assertThat(known).isFalse();
    return took;
  }

  @Test
  void malformedLinesAreRefusedWithoutTheirKey() throws Exception {
    for (String line : List.of("admin", "admin sha256:12 ann", "admin secret ann more")) {
      Path file = folder.resolve("bad");
      Files.writeString(file, line + "\n");
      assertThatThrownBy(() -> ApiKeys.load(file))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("line 1")
          .message()
          .doesNotContain("secret");
    }
  }
}
