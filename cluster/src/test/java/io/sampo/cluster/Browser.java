package io.sampo.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Chromium of this machine without a window, with one page, driven by the protocol of its
 * developer tools.
 */
public final class Browser implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome");
  private static final String ENDPOINT = "DevTools listening on ";
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** What breaks the page's own policy is noted; what the page asks before a change, is meant. */
  private static final String BEFORE_THE_PAGE =
      """
      window.confirm = () => true;
      window.violations = [];
      addEventListener('securitypolicyviolation',
          e => window.violations.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));
      """;

  private final Process process;
  private final HttpClient client = HttpClient.newHttpClient();
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
  private final List<String> errors = new CopyOnWriteArrayList<>();
  private final WebSocket socket;
  private final String session;

  private Browser(Process process, URI endpoint) {
    this.process = process;
    socket = client.newWebSocketBuilder().buildAsync(endpoint, new Ear()).join();
    String target =
        ask("", "Target.createTarget", Map.of("url", "about:blank")).get("targetId").stringValue();
    session =
        ask("", "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
            .get("sessionId")
            .stringValue();
    for (String domain : List.of("Page.enable", "Runtime.enable", "Log.enable")) {
      ask(domain, Map.of());
    }
    ask("Page.addScriptToEvaluateOnNewDocument", Map.of("source", BEFORE_THE_PAGE));
  }

  /** Starts one; the test is skipped where there is none. */
  public static Browser start(Path folder) throws IOException {
    Optional<Path> program = find();
    Assumptions.assumeTrue(program.isPresent(), "skipped: no Chromium");
    List<String> command =
        List.of(
            program.orElseThrow().toString(),
            "--headless=new",
            "--remote-debugging-port=0",
            "--user-data-dir=" + folder.resolve("browser"),
            "--no-first-run",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--force-prefers-reduced-motion",
            "about:blank");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    BufferedReader out = process.inputReader(UTF_8);
    String line = out.readLine();
    while (line != null && !line.startsWith(ENDPOINT)) {
      line = out.readLine();
    }
    if (line == null) {
      throw new IOException("Chromium did not start");
    }
    Thread.ofVirtual().start(() -> out.lines().forEach(_ -> {}));
    return new Browser(process, URI.create(line.substring(ENDPOINT.length()).strip()));
  }

  private static Optional<Path> find() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
        .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Goes to an address and waits until the page has drawn itself. */
  public void open(String url) {
    ask("Page.navigate", Map.of("url", "about:blank"));
    ask("Page.navigate", Map.of("url", url));
    await("location.href.startsWith('http') && document.querySelector('main') !== null");
  }

  /** The value of an expression of JavaScript; of a promise the one that it keeps. */
  public JsonNode value(String expression) {
    JsonNode told =
        ask(
            "Runtime.evaluate",
            Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
    if (told.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + told.get("exceptionDetails"));
    }
    return told.at("/result/value");
  }

  /** Waits until an expression is true. */
  public void await(String expression) {
    Awaitility.await(expression)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> value("Boolean(" + expression + ")").booleanValue());
  }

  /** The visible text of what a selector finds; empty where it finds nothing. */
  public String text(String selector) {
    return value("document.querySelector('%s')?.innerText ?? ''".formatted(selector)).stringValue();
  }

  /** Puts the keyboard where a selector says and types. */
  public void type(String selector, String text) {
    value("document.querySelector('%s').focus()".formatted(selector));
    ask("Input.insertText", Map.of("text", text));
  }

  /** Presses and releases a key by its name. */
  public void press(String key) {
    int code =
        switch (key) {
          case "Enter" -> 13;
          case "Escape" -> 27;
          case "Tab" -> 9;
          default -> throw new IllegalArgumentException(key);
        };
    for (String type : List.of("keyDown", "keyUp")) {
      Map<String, Object> event =
          Map.of("type", type, "key", key, "code", key, "windowsVirtualKeyCode", code);
      ask("Input.dispatchKeyEvent", key.equals("Enter") ? with(event, "text", "\r") : event);
    }
  }

  private static Map<String, Object> with(Map<String, Object> event, String name, Object value) {
    Map<String, Object> longer = new ConcurrentHashMap<>(event);
    longer.put(name, value);
    return longer;
  }

  public void click(String selector) {
    value("document.querySelector('%s').click()".formatted(selector));
  }

  /** A screen of this size, in CSS pixels. */
  public void screen(int width, int height) {
    ask(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
  }

  public void dark(boolean dark) {
    Map<String, String> scheme =
        Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light");
    ask("Emulation.setEmulatedMedia", Map.of("features", List.of(scheme)));
  }

  /** Draws what is to be seen into a file for people to look at. */
  public void picture(String name) throws IOException {
    Path file = Files.createDirectories(Path.of("target", "screenshots")).resolve(name + ".png");
    String data = ask("Page.captureScreenshot", Map.of("format", "png")).get("data").stringValue();
    Files.write(file, Base64.getDecoder().decode(data));
  }

  /** How often the page in sight broke its own policy, each with what. */
  public List<String> violations() {
    List<String> all = new ArrayList<>();
    value("window.violations").valueStream().forEach(one -> all.add(one.stringValue()));
    return all;
  }

  /** Exceptions that no script of any page caught so far. */
  public List<String> errors() {
    return List.copyOf(errors);
  }

  private JsonNode ask(String method, Map<String, ?> parameters) {
    return ask(session, method, parameters);
  }

  private JsonNode ask(String toSession, String method, Map<String, ?> parameters) {
    int id = ids.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    asked.put(id, answer);
    Map<String, Object> message = new ConcurrentHashMap<>();
    message.put("id", id);
    message.put("method", method);
    message.put("params", parameters);
    if (!toSession.isEmpty()) {
      message.put("sessionId", toSession);
    }
    socket.sendText(JSON.writeValueAsString(message), true).join();
    try {
      return answer.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException failure) {
      throw new AssertionError("the browser did not do " + method, failure);
    }
  }

  /** Hears answers and events. */
  private final class Ear implements WebSocket.Listener {
    private final StringBuilder heard = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      heard.append(data);
      if (last) {
        JsonNode message = JSON.readTree(heard.toString());
        heard.setLength(0);
        hear(message);
      }
      from.request(1);
      return null;
    }

    private void hear(JsonNode message) {
      if (message.has("id")) {
        CompletableFuture<JsonNode> answer = asked.remove(message.get("id").intValue());
        if (message.has("error")) {
          answer.completeExceptionally(new AssertionError(message.get("error").toString()));
        } else {
          answer.complete(message.get("result"));
        }
      } else if (message.at("/method").stringValue("").equals("Runtime.exceptionThrown")) {
        errors.add(message.at("/params/exceptionDetails").toString());
      }
    }
  }

  /** Asks it to go, so that it takes its files along. */
  @Override
  public void close() {
    try {
      ask("", "Browser.close", Map.of());
      process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      socket.abort();
      client.close();
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
