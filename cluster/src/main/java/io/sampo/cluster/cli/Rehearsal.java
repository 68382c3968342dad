package io.sampo.cluster.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.cluster.node.NodeSettings;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.cluster.node.SampoNode;
import io.sampo.engines.spi.EngineSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;

/**
 * The short life of a node from which the JVM records its start-up cache: it joins, serves a
 * conversation and a stream from a simulated engine, and ends. The start script runs it once.
 */
@Command(name = "rehearse", hidden = true, description = "Record the start-up cache.")
final class Rehearsal implements Callable<Integer> {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String MODEL = "simulated";

  private final Surroundings surroundings;

  Rehearsal(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws Exception {
    Path folder = Files.createTempDirectory("sampo-rehearsal");
    Sampo.run(surroundings, "ls", "--data-dir", folder.toString());
    Sampo.run(surroundings, "serve", "--help");
    try (SampoNode node = SampoNode.start(settings(folder))) {
      node.ready().toCompletableFuture().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      for (String stream : List.of("false", "true")) {
        surroundings.out().println(ask(node.address(), stream));
      }
    }
    return 0;
  }

  private static NodeSettings settings(Path folder) {
    EngineSettings engine =
        new EngineSettings(
            0,
            4,
            0,
            EngineSettings.AUTO,
            EngineSettings.KvType.F16,
            EngineSettings.FlashAttention.AUTO,
            false,
            Map.of());
    ModelSettings model = new ModelSettings(MODEL, List.of(), Path.of(MODEL), "simulated", engine);
    return new NodeSettings(
        "127.0.0.1",
        0,
        "127.0.0.1",
        0,
        folder,
        model,
        true,
        null,
        List.of(),
        Duration.ofSeconds(5),
        "");
  }

  private static String ask(InetSocketAddress address, String stream) throws IOException {
    String body =
        "{\"model\":\""
            + MODEL
            + "\",\"max_tokens\":8,\"stream\":"
            + stream
            + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
    String request =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:"
            + address.getPort()
            + "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      socket.getOutputStream().write(request.getBytes(UTF_8));
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }
}
