package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.Flags;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Runs a node as a child process and starts it again whenever it dies, where no systemd and no pod
 * does so. It waits longer after each death, and short again once a child has lived for a while.
 * Who stops the supervisor stops the child, which has its time to let answers end.
 *
 * <p>The child is this JVM's own command without the flag. Killed with {@code -9}, a supervisor
 * leaves its child running.
 */
final class Supervisor {

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final Duration LIVED = Duration.ofMinutes(1);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(60);

  private static final String ERROR_FILE = "-XX:ErrorFile=";

  /** Exit codes that another start would not change. */
  private static final List<Integer> FINAL = List.of(0, 2);

  private final Surroundings surroundings;
  private final List<String> command;
  private volatile boolean ending;
  private long childPid;

  /**
   * @param words the verb and what was given to it
   */
  Supervisor(Surroundings surroundings, List<String> words) {
    this.surroundings = surroundings;
    this.command = command(words);
  }

  private static List<String> command(List<String> words) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith(StartClock.PROPERTY))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Sampo.class.getName()));
    words.stream().filter(word -> !word.equals(Flags.SUPERVISED.option())).forEach(command::add);
    return command;
  }

  /** Returns the exit code of a child that ended for good. */
  int run() throws IOException, InterruptedException {
    Duration pause = FIRST_PAUSE;
    while (true) {
      long begun = System.nanoTime();
      int exit = child();
      if (ending || FINAL.contains(exit)) {
        return exit;
      }
      if (System.nanoTime() - begun > LIVED.toNanos()) {
        pause = FIRST_PAUSE;
      }
      surroundings
          .err()
          .println(
              "sampo: the node ended with exit code "
                  + exit
                  + crash()
                  + "; it is started again in "
                  + pause.toSeconds()
                  + " s");
      Thread.sleep(pause);
      Duration doubled = pause.multipliedBy(2);
      pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    }
  }

  /** Names the file in which the JVM of the last child has described a crash, if it has. */
  private String crash() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith(ERROR_FILE))
        .map(option -> Path.of(option.substring(ERROR_FILE.length()).replace("%p", "" + childPid)))
        .filter(Files::exists)
        .findFirst()
        .map(file -> " (a crash of native code, described in " + file + ")")
        .orElse("");
  }

  private int child() throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    Map<String, String> environment = builder.environment();
    // Before what a settings file says.
    environment.put(Flags.SUPERVISED.variable(), "false");
    Process child = builder.start();
    childPid = child.pid();
    Thread stop = Thread.ofPlatform().unstarted(() -> stop(child));
    Runtime.getRuntime().addShutdownHook(stop);
    int exit = child.waitFor();
    if (!ending) {
      Runtime.getRuntime().removeShutdownHook(stop);
    }
    return exit;
  }

  private void stop(Process child) {
    ending = true;
    child.destroy();
    try {
      if (!child.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        child.destroyForcibly();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
