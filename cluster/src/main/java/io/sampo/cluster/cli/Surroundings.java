package io.sampo.cluster.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What a verb sees of the process it runs in.
 *
 * @param environment its variables
 * @param out standard output
 * @param err standard error
 * @param outIsTerminal whether a person reads standard output; the start script tells
 * @param errIsTerminal as before, of standard error
 */
public record Surroundings(
    Map<String, String> environment,
    PrintStream out,
    PrintStream err,
    boolean outIsTerminal,
    boolean errIsTerminal) {

  static Surroundings ofProcess() {
    return new Surroundings(
        System.getenv(),
        utf8(FileDescriptor.out),
        utf8(FileDescriptor.err),
        Boolean.getBoolean("sampo.terminal.out"),
        Boolean.getBoolean("sampo.terminal.err"));
  }

  /** Whether to colour standard output; NO_COLOR (no-color.org) and a dumb terminal forbid it. */
  boolean colours() {
    return outIsTerminal
        && environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !"dumb".equals(environment.get("TERM"));
  }

  /** Text in a colour of ANSI's (31 red, 32 green, 33 yellow, 1 bold), where colours are wanted. */
  String coloured(int code, String text) {
    return colours() ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }

  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }
}
