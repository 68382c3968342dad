package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.kv.KvSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sessions that begin alike and must share nothing, each with a canary of its own in what follows,
 * while engine and main memory have room for a part of them only. The simulated engine goes on from
 * the KV it was given, so one foreign or wrong block makes an answer another one than was told
 * without any. {@code ops/bench/canaries.py} is the long run.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class CanaryIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int SESSIONS = 90;
  private static final int TURNS = 3;
  private static final int REPLIES = 500;

  @TempDir private Path folder;

  /** One request and what it must be answered. */
  private record Asked(String body, String expected) {}

  private static String body(int session, int turn) {
    String prompt =
        "All sessions begin with these words. ".repeat(8)
            + "The canary of this one is %08x. ".formatted(0x9E3779B9 * (session + 1))
            + "And then it goes on for a while. ".repeat(6 * turn);
    return "{\"prompt\":\"%s\",\"max_tokens\":6,\"temperature\":0,\"cache_salt\":\"s%d\"}"
        .formatted(prompt, session);
  }

  /** What is told with nothing from any cache. */
  private static String alone(TestNode node, String body) throws Exception {
    String answer = node.post("/v1/completions", body, "X-Sampo-Cache", "bypass").body();
    return JSON.readTree(answer).at("/choices/0/text").stringValue();
  }

  @Test
  void noAnswerHasAnythingOfAnotherSession() throws Exception {
    try (TestNode node =
            TestNode.start(
                TestNode.simulated(
                    8,
                    Map.of("profile", "gpu-l4", "retain-tokens", "4096", "end-probability", "0")),
                new KvSettings(1 << 20, 4 << 20, folder));
        ExecutorService clients = Executors.newFixedThreadPool(4)) {
      List<Future<Asked>> alone = new ArrayList<>();
      for (int one = 0; one < SESSIONS * TURNS; one++) {
        String body = body(one / TURNS, one % TURNS);
        alone.add(clients.submit(() -> new Asked(body, alone(node, body))));
      }
      List<Asked> all = new ArrayList<>();
      for (Future<Asked> one : alone) {
        all.add(one.get());
      }
      assertThat(all).extracting(Asked::expected).doesNotHaveDuplicates();

      AtomicInteger found = new AtomicInteger();
      SplittableRandom random = new SplittableRandom(4);
      List<Future<?>> replies = new ArrayList<>();
      for (int reply = 0; reply < REPLIES; reply++) {
        Asked next = all.get(random.nextInt(all.size()));
        replies.add(clients.submit(check(node, next, found)));
      }
      for (Future<?> reply : replies) {
        reply.get();
      }
      JsonNode kv = JSON.readTree(node.get("/stats").body()).get("kv");
      assertThat(found.get()).as("replies with cached tokens").isPositive();
      assertThat(kv.at("/restores/blocks").asInt()).as("restored").isPositive();
      assertThat(kv.at("/host/evicted").asInt()).as("evicted").isPositive();
    }
  }

  private static Callable<Void> check(TestNode node, Asked asked, AtomicInteger found) {
    return () -> {
      JsonNode answer = node.ask("/v1/completions", asked.body());
      assertThat(answer.at("/choices/0/text").stringValue()).isEqualTo(asked.expected());
      if (answer.at("/usage/prompt_tokens_details/cached_tokens").asInt() > 0) {
        found.incrementAndGet();
      }
      return null;
    };
  }
}
