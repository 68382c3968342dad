package io.sampo.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads a stream of server-sent events, and goes on elsewhere where it broke off. */
final class StreamClient {

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String path;
  private final String body;
  private final List<StringBuilder> texts = new ArrayList<>();
  private final List<String> ends = new ArrayList<>();
  private volatile @Nullable String lastId;
  private final AtomicInteger events = new AtomicInteger();
  private volatile @Nullable String error;
  private boolean done;

  StreamClient(String path, String body, int answers) {
    this.path = path;
    this.body = body;
    for (int i = 0; i < answers; i++) {
      texts.add(new StringBuilder());
      ends.add("");
    }
  }

  /**
   * Reads until the stream ends or breaks off, or until so many events were read in all.
   *
   * @return the status
   */
  int read(int port, int until) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (lastId != null) {
      request.header("last-event-id", lastId);
    }
    HttpResponse<InputStream> response = client.send(request.build(), BodyHandlers.ofInputStream());
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8))) {
      if (response.statusCode() == 200) {
        lastId =
            lastId == null ? response.headers().firstValue("x-sampo-stream").orElse(null) : lastId;
        read(lines, until);
      }
    } catch (IOException brokeOff) {
      // The rest is asked for elsewhere.
    }
    return response.statusCode();
  }

  /** An event counts with its empty line: what was cut off before was not read. */
  private void read(BufferedReader lines, int until) throws IOException {
    String id = null;
    String data = null;
    for (String line = lines.readLine();
        line != null && events.get() < until;
        line = lines.readLine()) {
      if (line.startsWith("id: ")) {
        id = line.substring(4);
      } else if (line.startsWith("data: ")) {
        data = line.substring(6);
      } else if (line.isEmpty() && data != null) {
        take(data);
        lastId = id == null ? lastId : id;
        id = null;
        data = null;
        events.incrementAndGet();
      }
    }
  }

  private void take(String data) {
    if (data.equals("[DONE]")) {
      done = true;
      return;
    }
    JsonNode json = TestCluster.JSON.readTree(data);
    if (json.has("error")) {
      error = data;
      return;
    }
    for (JsonNode choice : json.get("choices")) {
      int index = choice.get("index").intValue();
      String text = choice.has("text") ? choice.get("text").stringValue() : delta(choice);
      texts.get(index).append(text);
      if (!choice.get("finish_reason").isNull()) {
        ends.set(index, ends.get(index) + choice.get("finish_reason").stringValue());
      }
    }
  }

  private static String delta(JsonNode choice) {
    JsonNode content = choice.at("/delta/content");
    return content.isString() ? content.stringValue() : "";
  }

  int events() {
    return events.get();
  }

  boolean done() {
    return done;
  }

  @Nullable String error() {
    return error;
  }

  String text(int answer) {
    return texts.get(answer).toString();
  }

  /** Every reason that was told for the end of an answer, one behind the other. */
  String ends(int answer) {
    return ends.get(answer);
  }
}
