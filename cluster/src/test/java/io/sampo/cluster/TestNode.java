package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.membership.ClusterSettings;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.node.NodeSettings;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.cluster.node.SampoNode;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A node on free ports of the loopback, and a client that speaks to it. */
public final class TestNode implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(10);

  private static final long KV_BYTES = 64 << 20;
  private static final ClusterSettings ALONE =
      new ClusterSettings(Role.BOTH, "127.0.0.1", 0, List.of(), null);

  private final SampoNode node;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private @Nullable OpenAIClient openAi;

  private TestNode(SampoNode node) {
    this.node = node;
  }

  /** The settings of a node that tells its routes in headers; overrides are HOCON. */
  public static NodeSettings settings(int port, ModelSettings model, String overrides) {
    return settings(port, model, new KvSettings(KV_BYTES, 0, null), null, overrides);
  }

  private static NodeSettings settings(
      int port, ModelSettings model, KvSettings kv, @Nullable Path dataFolder, String overrides) {
    return new NodeSettings(
        "127.0.0.1",
        port,
        ALONE,
        model,
        model.engineSettings(),
        (_, source) -> Path.of(source),
        dataFolder,
        true,
        null,
        List.of(),
        kv,
        DRAIN_LIMIT,
        overrides);
  }

  /** A model of invented tokens, called {@code sim}. */
  public static ModelSettings simulated(int sequences, Map<String, String> options) {
    return new ModelSettings(
        "sim", List.of(), Path.of("none"), "simulated", engine(sequences, false, options));
  }

  /** A file that llama.cpp runs on one thread. */
  public static ModelSettings llamaCpp(
      String name, Path file, int sequences, boolean deterministic) {
    return llamaCpp(name, file, engine(sequences, deterministic, Map.of()));
  }

  /** The same with options of the engine. */
  public static ModelSettings llamaCpp(
      String name, Path file, int sequences, Map<String, String> options) {
    return llamaCpp(name, file, engine(sequences, false, options));
  }

  private static ModelSettings llamaCpp(String name, Path file, EngineSettings settings) {
    return new ModelSettings(name, List.of(), file, "llamacpp", settings);
  }

  private static EngineSettings engine(
      int sequences, boolean deterministic, Map<String, String> options) {
    return new EngineSettings(
        0, sequences, 1, 0, KvType.F16, FlashAttention.AUTO, deterministic, options);
  }

  /** A node whose model has produced its first token. */
  public static TestNode start(ModelSettings model, String overrides) throws Exception {
    return start(settings(0, model, overrides));
  }

  /** The same, with what an earlier one has left in this folder. */
  public static TestNode start(ModelSettings model, Path dataFolder) throws Exception {
    return start(settings(0, model, new KvSettings(KV_BYTES, 0, dataFolder), dataFolder, ""));
  }

  /** A node that keeps so much KV. */
  public static TestNode start(ModelSettings model, KvSettings kv) throws Exception {
    return start(settings(0, model, kv, kv.dataFolder(), ""));
  }

  private static TestNode start(NodeSettings settings) throws Exception {
    SampoNode node = SampoNode.start(settings);
    node.ready().toCompletableFuture().get(2, TimeUnit.MINUTES);
    return new TestNode(node);
  }

  public SampoNode node() {
    return node;
  }

  public int port() {
    return node.address().getPort();
  }

  /** OpenAI's own client, which is closed with the node. */
  public OpenAIClient openAi() {
    if (openAi == null) {
      openAi =
          OpenAIOkHttpClient.builder()
              .baseUrl("http://127.0.0.1:" + port() + "/v1")
              .apiKey("none")
              .build();
    }
    return openAi;
  }

  public HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), BodyHandlers.ofString());
  }

  public HttpResponse<String> post(String path, String body)
      throws IOException, InterruptedException {
    return client.send(
        request(path)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  /** The same with a header. */
  public HttpResponse<String> post(String path, String body, String header, String value)
      throws IOException, InterruptedException {
    return client.send(
        request(path)
            .header("content-type", "application/json")
            .header(header, value)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  /** What a request that must succeed is answered with. */
  public JsonNode ask(String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> answer = post(path, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
        .timeout(Duration.ofSeconds(60));
  }

  @Override
  public void close() {
    if (openAi != null) {
      openAi.close();
    }
    client.close();
    node.close();
  }
}
