package io.sampo.cluster.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.modelstore.synthetic.SyntheticModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;

/**
 * The short life of a node from which the JVM records its start-up cache: {@code serve} with a tiny
 * model of random weights, made here, and two requests. The start script runs it once. The node is
 * stopped by the end of the process, as by SIGTERM.
 */
@Command(name = "rehearse", hidden = true, description = "Record the start-up cache.")
final class Rehearsal implements Callable<Integer> {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String MODEL = "rehearsal";
  private static final String LISTENING = "listening on http://127.0.0.1:";

  private final Surroundings surroundings;

  Rehearsal(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    Path folder = Files.createTempDirectory("sampo-rehearsal");
    Path model = folder.resolve(MODEL + ".gguf");
    SyntheticModel.writeTiny(model);
    Sampo.run(surroundings, "ls", "--data-dir", folder.toString());
    Sampo.run(surroundings, "serve", "--help");
    int port = serve(model, folder).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    for (String stream : List.of("false", "true")) {
      surroundings.out().println(ask(port, stream));
    }
    Files.delete(model);
    return 0;
  }

  /** Starts a node; gives the port of its endpoint once it is ready. */
  private CompletableFuture<Integer> serve(Path model, Path folder) throws IOException {
    PipedInputStream told = new PipedInputStream();
    PrintStream out = new PrintStream(new PipedOutputStream(told), true, UTF_8);
    Surroundings inner = new Surroundings(Map.of(), out, surroundings.err(), false, false);
    Thread.ofPlatform()
        .daemon()
        .name("rehearsal")
        .start(
            () -> {
              Sampo.run(
                  inner, "serve", model.toString(), "--port=0", "--data-dir", folder.toString());
              out.close();
            });
    CompletableFuture<Integer> ready = new CompletableFuture<>();
    Thread.ofPlatform().daemon().name("rehearsal-output").start(() -> read(told, ready));
    return ready;
  }

  private static void read(PipedInputStream told, CompletableFuture<Integer> ready) {
    int port = 0;
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(told, UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(LISTENING)) {
          port = Integer.parseInt(line.substring(LISTENING.length()));
        } else if (line.startsWith("ready;")) {
          ready.complete(port);
        }
      }
    } catch (IOException e) {
      ready.completeExceptionally(e);
    }
    ready.completeExceptionally(new FailedException("the node did not become ready"));
  }

  private static String ask(int port, String stream) throws IOException {
    String body =
        "{\"model\":\""
            + MODEL
            + "\",\"max_tokens\":8,\"stream\":"
            + stream
            + ",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}";
    String request =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:"
            + port
            + "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      socket.getOutputStream().write(request.getBytes(UTF_8));
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }
}
