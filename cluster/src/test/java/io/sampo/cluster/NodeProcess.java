package io.sampo.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.cluster.membership.Seed;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A node in a JVM of its own, started by the words of the command line. */
final class NodeProcess implements AutoCloseable {

  private final Process process;
  private final Map<String, String> told = new HashMap<>();

  private NodeProcess(Process process) {
    this.process = process;
  }

  /** Returns when the node has told this, or has ended. */
  static NodeProcess start(Path folder, String until, String... words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dkryo.unsafe=false",
            "-Dsampo.native.dir=" + System.getProperty("sampo.native.dir"),
            "-cp",
            System.getProperty("java.class.path"),
            "io.sampo.cluster.cli.Sampo"));
    command.addAll(List.of(words));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(folder.resolve("nodes.log").toFile()));
    builder.environment().keySet().removeIf(name -> name.startsWith("SAMPO_"));
    builder.environment().put("SAMPO_HOME", folder.resolve("home").toString());
    NodeProcess node = new NodeProcess(builder.start());
    node.read(until);
    return node;
  }

  /** Keeps each line by its first word; the rest is lost without being read. */
  private void read(String until) throws IOException {
    BufferedReader out = process.inputReader(UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      String[] words = line.split(" ", 2);
      told.put(words[0], words.length == 1 ? "" : words[1]);
      if (line.startsWith(until)) {
        return;
      }
    }
  }

  Seed clusterAddress() {
    return Seed.parse(told.getOrDefault("cluster", ""));
  }

  /** What it has told in the line that begins with this word. */
  String told(String word) {
    return told.getOrDefault(word, "");
  }

  long pid() {
    return process.pid();
  }

  int httpPort() {
    String listening = told.getOrDefault("listening", "");
    return Integer.parseInt(listening.substring(listening.lastIndexOf(':') + 1));
  }

  /** Goes on reading until the node, started again, has told this. */
  void awaitAgain(String until) throws IOException {
    told.clear();
    read(until);
  }

  /** As {@code kill -9} of the child that a supervisor runs. */
  void killChild() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
  }

  /** As SIGTERM does. */
  void terminate() {
    process.destroy();
  }

  boolean hasChildren() {
    return process.descendants().findAny().isPresent();
  }

  /** As {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** As {@code kill -STOP} and {@code kill -CONT} do. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor();
  }

  /** The exit code, once the node has ended by itself. */
  int ended() throws InterruptedException {
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      throw new AssertionError("the node runs on");
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    killChild();
    process.destroyForcibly();
  }
}
