package io.sampo.actors.scheduler;

import io.sampo.actors.policy.RoutingPolicies;
import io.sampo.actors.policy.Targets;
import io.sampo.actors.scheduler.Dispatcher.Placed;
import io.sampo.actors.scheduler.Dispatcher.Refused;
import io.sampo.actors.scheduler.Located.Held;
import io.sampo.actors.scheduler.Located.Source;
import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A scheduler without messages and clock, told what happens in words:
 *
 * <ul>
 *   <li>{@code scheduler policy=affinity bound=8 cost-aware=off}
 *   <li>{@code replica a places=4 step=10 prefill=0.5 decode=1 cost=0 preempts=on}: has reported
 *       for a while, so that its speed is known
 *   <li>{@code ask NAME prompt=2000 answer=20 class=interactive priority=0 session=a held=a:32
 *       at=a:32} with so many blocks of 32 tokens in an engine, or in a node that gives them to
 *       others
 *   <li>{@code end NAME}, {@code lost a}, {@code pass 500} milliseconds, {@code rates}
 * </ul>
 */
final class DispatchScenario {

  private static final int BLOCK_TOKENS = 32;

  private final List<String> transcript = new ArrayList<>();
  private final List<String> waiting = new ArrayList<>();
  private final Map<String, ReplicaId> replicas = new LinkedHashMap<>();
  private Dispatcher dispatcher = dispatcher(Map.of());
  private long now;

  String run(String command) {
    transcript.clear();
    String[] words = command.split(" ", -1);
    Map<String, String> options = options(words);
    switch (words[0]) {
      case "scheduler" -> dispatcher = dispatcher(options);
      case "replica" -> replica(words[1], options);
      case "ask" -> ask(words[1], options);
      case "end" -> dispatcher.release(key(words[1]), now);
      case "lost" -> dispatcher.replicaLost(known(words[1]));
      case "pass" -> {
        now += Duration.ofMillis(Long.parseLong(words[1])).toNanos();
        dispatcher.expire(now);
      }
      case "rates" -> rates();
      default -> throw new IllegalArgumentException("there is no " + words[0]);
    }
    return transcript.isEmpty() ? "ok" : String.join("\n", transcript);
  }

  private static Map<String, String> options(String[] words) {
    Map<String, String> options = new HashMap<>();
    Arrays.stream(words)
        .filter(word -> word.contains("="))
        .map(word -> word.split("=", 2))
        .forEach(option -> options.put(option[0], option[1]));
    return options;
  }

  private Dispatcher dispatcher(Map<String, String> options) {
    boolean costAware = options.getOrDefault("cost-aware", "off").equals("on");
    SchedulerSettings settings =
        new SchedulerSettings(
            Integer.parseInt(options.getOrDefault("bound", "8")),
            Duration.ofSeconds(60),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            new Targets(2000, 200),
            new Targets(60_000, 5000),
            costAware);
    return new Dispatcher(
        settings,
        RoutingPolicies.create(options.getOrDefault("policy", "affinity"), costAware),
        this::decided);
  }

  private void decided(Dispatcher.Decision decision) {
    String name = decision.request().sequence().generation();
    waiting.remove(name);
    transcript.add(
        switch (decision) {
          case Placed placed ->
              name + " -> " + name(placed.replica()) + " (" + placed.route() + ")";
          case Refused refused ->
              name
                  + " refused, "
                  + refused.code()
                  + ", again in "
                  + refused.retryAfterSeconds()
                  + " s";
        });
  }

  private String name(ReplicaId replica) {
    return replicas.entrySet().stream()
        .filter(entry -> entry.getValue().equals(replica))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow();
  }

  private void replica(String name, Map<String, String> options) {
    ReplicaId id =
        replicas.computeIfAbsent(name, _ -> new ReplicaId(new ModelId("m"), replicas.size()));
    new Reports(
            id,
            Integer.parseInt(options.getOrDefault("places", "4")),
            options.getOrDefault("preempts", "off").equals("on"),
            number(options, "step", 10),
            number(options, "prefill", 0.5),
            number(options, "decode", 1),
            number(options, "cost", 0))
        .teach(ready -> dispatcher.replicaReady(ready, now));
  }

  private static double number(Map<String, String> options, String name, double otherwise) {
    return options.containsKey(name) ? Double.parseDouble(options.get(name)) : otherwise;
  }

  private void ask(String name, Map<String, String> options) {
    waiting.add(name);
    PlacementRequest request =
        Requests.of(
            key(name),
            (int) number(options, "prompt", 100),
            (int) number(options, "answer", 20),
            (int) number(options, "priority", 0),
            ServiceClass.valueOf(
                options.getOrDefault("class", "interactive").toUpperCase(Locale.ROOT)));
    dispatcher.assign(request, located(options), now);
    if (waiting.contains(name)) {
      transcript.add(name + " waits");
    }
  }

  private Located located(Map<String, String> options) {
    Map<ReplicaId, Held> held = new HashMap<>();
    blocks(options.getOrDefault("held", ""))
        .forEach((id, count) -> held.put(id, new Held(count, count, count)));
    List<Source> sources = new ArrayList<>();
    blocks(options.getOrDefault("at", ""))
        .forEach(
            (id, count) -> {
              held.put(id, new Held(0, count, count));
              sources.add(new Source(new KvHint("host", 1, count), Set.of(id)));
            });
    String session = options.get("session");
    return new Located(BLOCK_TOKENS, held, sources, session == null ? null : known(session));
  }

  private Map<ReplicaId, Integer> blocks(String text) {
    Map<ReplicaId, Integer> blocks = new LinkedHashMap<>();
    if (!text.isEmpty()) {
      String[] parts = text.split(":", 2);
      blocks.put(known(parts[0]), Integer.parseInt(parts[1]));
    }
    return blocks;
  }

  private ReplicaId known(String name) {
    return Objects.requireNonNull(replicas.get(name), name);
  }

  private void rates() {
    for (ReplicaRates rates : dispatcher.stats(now).replicas()) {
      transcript.add(
          String.format(
              Locale.ROOT,
              "%s: a step %.1f ms, a prompt's token %.2f, an answer %.2f; %d at once; %d of %d"
                  + " taken",
              name(rates.replica()),
              rates.stepMillis(),
              rates.prefillMillis(),
              rates.decodeMillis(),
              rates.concurrency(),
              rates.running(),
              rates.places()));
    }
  }

  private static SequenceKey key(String name) {
    return new SequenceKey(name, 0, 0);
  }
}
