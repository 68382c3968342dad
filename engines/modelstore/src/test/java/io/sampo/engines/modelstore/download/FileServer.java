package io.sampo.engines.modelstore.download;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Files over HTTP on the loopback interface, with ranges, validators and redirects as object stores
 * have them, and faults to order.
 */
public final class FileServer implements AutoCloseable {

  /** What a test may want to know of a request. */
  public record Request(String path, String range, String authorization) {}

  /** A file as the server has it now. */
  public record Content(byte[] bytes, String etag) {}

  /** Answers a request itself, or leaves it to the server. */
  @FunctionalInterface
  public interface Fault {
    /**
     * Whether the request has been answered.
     *
     * @param number of the request, from 0
     */
    boolean answer(HttpExchange exchange, int number) throws IOException;
  }

  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Map<String, Content> files = new ConcurrentHashMap<>();
  private final Map<String, String> redirects = new ConcurrentHashMap<>();
  private final Map<String, Map<String, String>> headers = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private volatile boolean ranges = true;
  private volatile Fault fault = (exchange, number) -> false;

  public FileServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  public URI address(String path) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  public FileServer put(String path, byte[] bytes, String etag) {
    files.put(path, new Content(bytes, etag));
    return this;
  }

  /** Sends requests for a path elsewhere; the header pairs go with the answer. */
  public FileServer redirect(String path, String location, Map<String, String> with) {
    redirects.put(path, location);
    headers.put(path, with);
    return this;
  }

  public FileServer withoutRanges() {
    ranges = false;
    return this;
  }

  public FileServer fault(Fault newFault) {
    fault = newFault;
    return this;
  }

  public List<Request> requests() {
    return List.copyOf(requests);
  }

  public void forgetRequests() {
    requests.clear();
  }

  /** Keeps a request waiting until the server closes. */
  public void hang() {
    try {
      closing.await();
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      int number =
          remember(new Request(path, header(exchange, "Range"), header(exchange, "Authorization")));
      if (!fault.answer(exchange, number)) {
        answer(exchange, path);
      }
    }
  }

  /** The request's number; no two that come together have the same one. */
  private synchronized int remember(Request request) {
    requests.add(request);
    return requests.size() - 1;
  }

  private void answer(HttpExchange exchange, String path) throws IOException {
    headers.getOrDefault(path, Map.of()).forEach(exchange.getResponseHeaders()::add);
    String location = redirects.get(path);
    Content content = files.get(path);
    if (location != null) {
      exchange.getResponseHeaders().add("Location", location);
      exchange.sendResponseHeaders(302, -1);
    } else if (content == null) {
      exchange.sendResponseHeaders(404, -1);
    } else {
      send(exchange, content, content.bytes().length);
    }
  }

  /** Sends what was asked for, but breaks off after so many bytes. */
  public void send(HttpExchange exchange, Content content, int atMost) throws IOException {
    byte[] bytes = content.bytes();
    if (!content.etag().isEmpty()) {
      exchange.getResponseHeaders().add("ETag", content.etag());
    }
    Matcher range = RANGE.matcher(header(exchange, "Range"));
    String condition = header(exchange, "If-Range");
    boolean same = condition.isEmpty() || condition.equals(content.etag());
    int start = 0;
    int end = bytes.length;
    int status = 200;
    if (ranges && same && range.matches()) {
      start = Integer.parseInt(range.group(1));
      end = Math.min(bytes.length, Integer.parseInt(range.group(2)) + 1);
      status = 206;
      exchange
          .getResponseHeaders()
          .add("Content-Range", "bytes " + start + "-" + (end - 1) + "/" + bytes.length);
    }
    exchange.sendResponseHeaders(status, end - start);
    OutputStream body = exchange.getResponseBody();
    body.write(bytes, start, Math.min(end - start, atMost));
    body.flush();
  }

  public Content file(String path) {
    return Objects.requireNonNull(files.get(path));
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
