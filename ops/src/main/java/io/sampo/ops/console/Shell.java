package io.sampo.ops.console;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import picocli.CommandLine;

/** Verbs one after another over one connection, with history and completion by the tab key. */
final class Shell {

  private final Context context;

  Shell(Context context) {
    this.context = context;
  }

  /** Returns when the person has had enough. */
  int run() throws IOException {
    Path history = Path.of(System.getProperty("user.home"), ".sampo", "console-history");
    try (Terminal terminal = TerminalBuilder.builder().system(true).build()) {
      CommandLine console = Console.commandLine(context);
      LineReader reader =
          LineReaderBuilder.builder()
              .terminal(terminal)
              .variable(LineReader.HISTORY_FILE, history)
              .completer((_, line, candidates) -> complete(console, line, candidates))
              .build();
      context.out().println("connected; 'help' lists the verbs, Tab completes, Ctrl-D ends");
      while (true) {
        String line = reader.readLine("sampo> ").strip();
        if (line.equals("exit") || line.equals("quit")) {
          return 0;
        } else if (!line.isEmpty()) {
          run(reader.getParser().parse(line, line.length()).words());
        }
      }
    } catch (EndOfFileException | UserInterruptException ended) {
      return 0;
    }
  }

  private void run(List<String> words) {
    List<String> spoken = new ArrayList<>(words);
    spoken.removeIf(String::isEmpty);
    // Anew for each line: a verb's options must not outlive it.
    Console.commandLine(context).execute(spoken.toArray(String[]::new));
  }

  private static void complete(CommandLine console, ParsedLine line, List<Candidate> candidates) {
    CommandLine at = console;
    for (String word : line.words().subList(0, line.wordIndex())) {
      CommandLine next = at.getSubcommands().get(word);
      at = next == null ? at : next;
    }
    at.getSubcommands().keySet().forEach(verb -> candidates.add(new Candidate(verb)));
    if (line.word().startsWith("-")) {
      at.getCommandSpec()
          .optionsMap()
          .keySet()
          .forEach(name -> candidates.add(new Candidate(name)));
    }
  }
}
