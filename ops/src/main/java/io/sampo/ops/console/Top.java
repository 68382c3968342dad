package io.sampo.ops.console;

import io.sampo.ops.admin.AdminApi;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.NonBlockingReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A view of the cluster that refreshes, over the whole screen; without a terminal one look. */
@Command(
    name = "top",
    description = "The cluster at a glance, refreshing; q ends. Without a terminal: one look.")
final class Top extends Verb {

  private static final int HISTORY = 40;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Between two looks. Default ${DEFAULT-VALUE}.")
  double interval;

  /** Tokens a second by replica, the latest last. */
  private final Map<String, Deque<Double>> history = new HashMap<>();

  Top(Context context) {
    super(context);
  }

  @Override
  public Integer call() throws IOException {
    if (json) {
      context.json(context.api().replicas(millis()));
      return 0;
    }
    if (!context.person()) {
      look().forEach(context.out()::println);
      return 0;
    }
    try (Terminal terminal = TerminalBuilder.builder().system(true).build()) {
      watch(terminal);
    }
    return 0;
  }

  private void watch(Terminal terminal) throws IOException {
    Display display = new Display(terminal, true);
    terminal.enterRawMode();
    terminal.puts(Capability.enter_ca_mode);
    terminal.puts(Capability.cursor_invisible);
    try {
      NonBlockingReader keys = terminal.reader();
      int key = 0;
      while (key != 'q' && key != 3 && key != NonBlockingReader.EOF) {
        display.resize(terminal.getSize());
        List<AttributedString> lines = new ArrayList<>();
        for (String line : look()) {
          lines.add(new AttributedString(line).columnSubSequence(0, terminal.getColumns()));
        }
        display.update(lines.subList(0, Math.min(lines.size(), terminal.getRows())), 0);
        key = keys.read(Math.max(100, Math.round(interval * 1000)));
      }
    } finally {
      terminal.puts(Capability.cursor_visible);
      terminal.puts(Capability.exit_ca_mode);
      terminal.flush();
    }
  }

  /** One screen. */
  List<String> look() {
    AdminApi.Nodes nodes = context.api().nodes(millis());
    AdminApi.Replicas replicas = context.api().replicas(millis());
    AdminApi.Queues queues = context.api().queues(millis());
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "sampo  %d nodes, %d replicas, %d requests, %d waiting",
            nodes.nodes().size(),
            replicas.replicas().size(),
            nodes.nodes().stream().mapToInt(AdminApi.NodeView::requests).sum(),
            queues.queues().stream().mapToInt(AdminApi.QueueView::waiting).sum()));
    lines.add("");
    Table table = new Table("NODE", "STATUS", "READY", "CPU", "MEMORY", "REQUESTS");
    nodes
        .nodes()
        .forEach(
            node ->
                table.row(
                    node.node(),
                    node.status(),
                    node.readiness(),
                    Figures.number(node.cpuCores()),
                    Figures.bytes(node.residentBytes()),
                    node.requests()));
    lines.addAll(table.lines());
    nodes.errors().forEach(error -> lines.add(error.node() + "  " + error.reason()));
    lines.add("");
    lines.addAll(replicas(replicas));
    return lines;
  }

  private List<String> replicas(AdminApi.Replicas replicas) {
    Table table =
        new Table(
            "REPLICA", "NODE", "STATE", "PLACES", "OF", "PREFILL t/s", "DECODE t/s", "LATELY");
    for (AdminApi.ReplicaView replica : replicas.replicas()) {
      Deque<Double> past = history.computeIfAbsent(replica.replica(), _ -> new ArrayDeque<>());
      past.add(replica.runningSequences() == 0 ? 0 : replica.decodeTokensPerSecond());
      if (past.size() > HISTORY) {
        past.remove();
      }
      table.row(
          replica.replica(),
          replica.node(),
          replica.state(),
          replica.placesTaken(),
          replica.places(),
          Figures.number(replica.prefillTokensPerSecond()),
          Figures.number(replica.decodeTokensPerSecond()),
          Figures.sparkline(past.stream().mapToDouble(Double::doubleValue).toArray()));
    }
    return table.lines();
  }
}
