package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a router outside is told of a node's blocks, by an ordinary HTTP client. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class BlockFeedIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** One server-sent event. */
  private record Event(@Nullable String id, JsonNode data) {

    List<JsonNode> events() {
      return data.get("events").valueStream().toList();
    }
  }

  /** A client that applies what it is told, as a router does. */
  private static final class Follower implements AutoCloseable {
    private final HttpClient client =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Stream<String> lines;
    private final Iterator<String> line;
    private final Set<String> host = new HashSet<>();
    private final List<Long> numbers = new ArrayList<>();
    private final List<String> types = new ArrayList<>();
    private String last = "";

    Follower(TestNode node, @Nullable String lastEventId) throws Exception {
      HttpRequest.Builder request = request(node);
      if (lastEventId != null) {
        request.header("Last-Event-ID", lastEventId);
      }
      HttpResponse<Stream<String>> answer = client.send(request.build(), BodyHandlers.ofLines());
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("content-type")).contains("text/event-stream");
      lines = answer.body();
      line = lines.iterator();
    }

    static HttpRequest.Builder request(TestNode node) {
      return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + "/kv/events"));
    }

    Event next() {
      String id = null;
      JsonNode data = null;
      for (String next = line.next(); data == null || !next.isEmpty(); next = line.next()) {
        if (next.startsWith("data: ")) {
          data = JSON.readTree(next.substring(6));
        } else if (next.startsWith("id: ")) {
          id = next.substring(4);
        }
      }
      return new Event(id, Objects.requireNonNull(data));
    }

    /** Takes events until so many blocks are known in main memory. */
    Follower until(int blocks) {
      while (host.size() < blocks) {
        Event event = next();
        last = event.id() == null ? last : event.id();
        if (event.data().has("seq")) {
          numbers.add(event.data().get("seq").asLong());
        }
        event.events().forEach(this::apply);
      }
      return this;
    }

    private void apply(JsonNode event) {
      String type = event.get("type").stringValue();
      types.add(type);
      if (type.equals("AllBlocksCleared")) {
        host.clear();
      } else if (event.get("medium").stringValue().equals("CPU")) {
        List<String> hashes =
            event.get("block_hashes").valueStream().map(JsonNode::stringValue).toList();
        assertThat(hashes).allMatch(hash -> hash.matches("[0-9a-f]{32}"));
        if (type.equals("BlockStored")) {
          assertThat(event.get("block_size").asInt()).isEqualTo(32);
          assertThat(event.get("token_ids")).isEmpty();
          host.addAll(hashes);
        } else {
          host.removeAll(hashes);
        }
      }
    }

    @Override
    public void close() {
      client.shutdownNow();
      lines.close();
    }
  }

  private static TestNode start(int clients) throws Exception {
    return TestNode.start(
        TestNode.simulated(2, Map.of("end-probability", "0")),
        "cluster.kv.feed.clients = " + clients);
  }

  /** A text of four blocks that begins like no other. */
  private static void tell(TestNode node, int text) throws Exception {
    String prompt = "Text %d goes on and on. ".formatted(text).repeat(6).substring(0, 130);
    node.ask("/v1/completions", "{\"prompt\":\"%s\",\"max_tokens\":1}".formatted(prompt));
  }

  private static void awaitBlocks(TestNode node, int blocks) {
    Awaitility.await()
        .until(
            () -> JSON.readTree(node.get("/stats").body()).at("/kv/host/blocks").asInt() >= blocks);
  }

  @Test
  void whoFollowsKnowsWhatTheStoreHoldsAlsoAfterAPause() throws Exception {
    try (TestNode node = start(1)) {
      tell(node, 1);
      awaitBlocks(node, 4);
      String last;
      Set<String> known;
      try (Follower first = new Follower(node, null).until(4)) {
        assertThat(first.types).first().isEqualTo("AllBlocksCleared");
        tell(node, 2);
        first.until(8);
        last = first.last;
        known = Set.copyOf(first.host);
        assertThat(refused(node)).isEqualTo(503);
      }
      tell(node, 3);
      awaitBlocks(node, 12);
      Awaitility.await().until(() -> refused(node) != 503);
      Set<String> later;
      try (Follower again = new Follower(node, last).until(4)) {
        assertThat(again.types).containsOnly("BlockStored");
        assertThat(again.host).doesNotContainAnyElementsOf(known);
        assertThat(again.numbers.getFirst()).isEqualTo(Long.parseLong(last.split("-", -1)[1]));
        later = Set.copyOf(again.host);
      }
      Awaitility.await().until(() -> refused(node) != 503);
      try (Follower ofAnOlderLife = new Follower(node, "0-0").until(12)) {
        assertThat(ofAnOlderLife.types).first().isEqualTo("AllBlocksCleared");
        assertThat(ofAnOlderLife.host).containsAll(known).containsAll(later);
      }
    }
  }

  /** The status of one more follower, who leaves at once; 400 for one that is let in. */
  private static int refused(TestNode node) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              Follower.request(node).header("Last-Event-ID", "nonsense").build(),
              BodyHandlers.discarding())
          .statusCode();
    }
  }

  @Test
  void nobodyIsToldUnlessItIsSwitchedOn() throws Exception {
    try (TestNode node = start(0)) {
      assertThat(node.get("/kv/events").statusCode()).isEqualTo(404);
    }
  }
}
