package io.sampo.cluster.cli.doctor;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The listener for operators of a running node.
 *
 * @param address where it is, as {@code http://host:port}
 * @param key a read or admin key; empty where none is needed
 */
public record AdminView(URI address, String key) {

  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final long MOST_BYTES = 16 << 20;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * What was answered.
   *
   * @param date by the clock of the node
   */
  record Answer(JsonNode json, Instant date) {}

  /**
   * What stands below {@code /admin/}.
   *
   * @throws IOException when there is no such answer; the message says why in a few words
   */
  Answer look(String what) throws IOException {
    HttpResponse<String> response = get("/admin/" + what);
    try {
      return new Answer(JSON.readTree(response.body()), date(response));
    } catch (JacksonException unreadable) {
      throw new IOException("it is no node's listener for operators", unreadable);
    }
  }

  /** The page of metrics. */
  String metrics() throws IOException {
    return get("/metrics").body();
  }

  private HttpResponse<String> get(String path) throws IOException {
    HttpRequest.Builder request = HttpRequest.newBuilder(address.resolve(path)).timeout(LIMIT);
    if (!key.isEmpty()) {
      request.header("authorization", "Bearer " + key);
    }
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(LIMIT).build()) {
      HttpResponse<String> response =
          client.send(request.build(), BodyHandlers.limiting(BodyHandlers.ofString(), MOST_BYTES));
      if (response.statusCode() != 200) {
        throw new IOException(refused(response.statusCode()));
      }
      return response;
    } catch (ConnectException nobody) {
      throw new IOException("nobody listens there", nobody);
    } catch (HttpTimeoutException silent) {
      throw new IOException("no answer within " + LIMIT.toSeconds() + " s", silent);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", interrupted);
    }
  }

  private static String refused(int status) {
    return switch (status) {
      case 401, 403 -> "it wants a read or admin key";
      case 404 -> "it is no node's listener for operators";
      default -> "it answers " + status;
    };
  }

  private static Instant date(HttpResponse<?> response) throws IOException {
    String date = response.headers().firstValue("date").orElse("");
    try {
      return ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
    } catch (DateTimeParseException absent) {
      throw new IOException("it tells no time", absent);
    }
  }
}
