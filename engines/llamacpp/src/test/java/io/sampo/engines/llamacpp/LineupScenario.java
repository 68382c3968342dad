package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.speculation.NgramProposer;
import io.sampo.engines.llamacpp.speculation.Speculation;
import io.sampo.engines.spi.Priority;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Runs a lineup without a model: cells are plain objects, a step's time follows a formula, and the
 * n-th token of an answer is made from its sequence's name. One method for each verb of a scenario;
 * each returns its part of the transcript.
 *
 * <p>A prompt is written as runs of tokens: {@code system:40 a:8} is the first 40 tokens of a text
 * named system and the first 8 of one named a; {@code system:20-30} is tokens 20 to 29 of it.
 */
final class LineupScenario {

  private static final String ANSWER = "'s-answer";

  private final Map<String, Sequence> sequences = new LinkedHashMap<>();
  private final Map<String, Integer> texts = new HashMap<>();
  private final Set<Sequence> begun = new HashSet<>();
  private final Map<Integer, LoadedAdapter> adapters = new HashMap<>();
  private final Map<Sequence, int[]> said = new HashMap<>();
  private final NaiveCells cells = new NaiveCells();
  private @Nullable Lineup lineup;
  private int[] cost = {0, 0, 0, 0};
  private long promptTokens;
  private long cachedTokens;

  String run(String command) {
    String[] words = command.split(" ", -1);
    Map<String, Integer> options = new HashMap<>();
    List<String> plain = new ArrayList<>();
    for (String word : words) {
      int equals = word.indexOf('=');
      if (equals < 0) {
        plain.add(word);
      } else {
        options.put(word.substring(0, equals), Integer.valueOf(word.substring(equals + 1)));
      }
    }
    return switch (words[0]) {
      case "engine" -> engine(options);
      case "cost" -> cost(options);
      case "submit" -> submit(plain.get(1), plain.subList(2, plain.size()), options);
      case "step" -> steps(plain.size() > 1 ? Integer.parseInt(plain.get(1)) : 1);
      case "says" -> says(plain.get(1), plain.subList(2, plain.size()));
      case "cancel" -> cancel(plain.get(1));
      case "allow" -> allow(plain.get(1), Integer.parseInt(plain.get(2)));
      case "cells" -> "%d held".formatted(lineup().usedCells());
      case "retained" ->
          "%d, at most %d".formatted(lineup().retainedCells(), lineup().retentionBound());
      case "prompts" -> "%d tokens, %d cached".formatted(promptTokens, cachedTokens);
      default -> throw new IllegalArgumentException("no such verb: " + command);
    };
  }

  private Lineup lineup() {
    if (lineup == null) {
      throw new IllegalStateException("a scenario begins with 'engine'");
    }
    return lineup;
  }

  private String engine(Map<String, Integer> options) {
    int places = options.getOrDefault("places", 4);
    int total = places * options.getOrDefault("context", 256);
    lineup =
        new Lineup(
            places,
            new PrefixCache.Bounds(
                options.getOrDefault("numbers", 16),
                total,
                options.getOrDefault("retain", total),
                options.getOrDefault("row-cells", 0),
                true),
            new StepPlanner.Rules(
                options.getOrDefault("batch", 64), options.getOrDefault("target", 0), false),
            speculation(options),
            cells);
    return "ok";
  }

  private static Speculation speculation(Map<String, Integer> options) {
    return new Speculation(
        new NgramProposer(),
        new Speculation.Bounds(
            options.getOrDefault("draft", 0),
            Speculation.MOST_DRAFTED,
            options.getOrDefault("batch", 64) - 1,
            options.getOrDefault("context", 256),
            new BitSet()));
  }

  private String cost(Map<String, Integer> millis) {
    cost =
        new int[] {
          millis.get("step"),
          millis.get("answer"),
          millis.get("prompt"),
          millis.getOrDefault("drafted", 0)
        };
    return "ok";
  }

  private String submit(String name, List<String> runs, Map<String, Integer> options) {
    int[] prompt = tokens(runs);
    Sequence sequence =
        Sequences.of(
            prompt,
            options.getOrDefault("max", Integer.MAX_VALUE),
            options.getOrDefault("limit", Integer.MAX_VALUE),
            options.getOrDefault("priority", Priority.NORMAL));
    if (options.containsKey("adapter")) {
      sequence.use(
          adapters.computeIfAbsent(options.get("adapter"), n -> new LoadedAdapter("" + n)));
    }
    sequences.put(name, sequence);
    lineup().arrive(sequence);
    return "ok";
  }

  /** What the model says from now on, instead of an answer that is like nothing else. */
  private String says(String name, List<String> runs) {
    Sequence sequence = named(name);
    said.put(sequence, IntStream.concat(told(sequence), IntStream.of(tokens(runs))).toArray());
    return "ok";
  }

  private static IntStream told(Sequence sequence) {
    int prompt = sequence.request.promptIds().length;
    return IntStream.range(prompt, sequence.length()).map(i -> sequence.tokens()[i]);
  }

  private int[] tokens(List<String> runs) {
    return runs.stream().flatMapToInt(this::tokens).toArray();
  }

  private IntStream tokens(String run) {
    int colon = run.indexOf(':');
    int dash = run.indexOf('-', colon);
    int from = dash < 0 ? 0 : Integer.parseInt(run.substring(colon + 1, dash));
    int to = Integer.parseInt(run.substring(Math.max(colon, dash) + 1));
    return IntStream.range(from, to).map(i -> token(run.substring(0, colon), i));
  }

  private int token(String text, int place) {
    return texts.computeIfAbsent(text, _ -> texts.size()) * 1000 + place;
  }

  private String steps(int count) {
    StringJoiner lines = new StringJoiner("\n");
    for (int i = 0; i < count; i++) {
      begin(lines);
      lines.add(step());
    }
    return lines.toString();
  }

  private void begin(StringJoiner lines) {
    List<Sequence> ran = List.copyOf(lineup().running());
    for (Sequence s = lineup().beginNext(); s != null; s = lineup().beginNext()) {
      ran.stream().filter(Sequence::paused).forEach(p -> lines.add(name(p) + " gives way"));
      ran = List.copyOf(lineup().running());
      String verb = begun.add(s) ? " begins, " : " goes on, ";
      promptTokens += s.length();
      cachedTokens += s.computed();
      lines.add(name(s) + verb + s.computed() + " of " + s.length() + " cached");
    }
  }

  private String step() {
    StringJoiner told = new StringJoiner(", ");
    int total = lineup().plan();
    List<Sequence> stepped = List.copyOf(lineup().running());
    int answers = 0;
    int drafted = 0;
    for (int i = 0; i < stepped.size(); i++) {
      Sequence sequence = stepped.get(i);
      int rows = lineup().rows(i);
      answers += sequence.answers() ? rows - sequence.draftedTokens() : 0;
      drafted += sequence.draftedTokens();
      for (int row = 0; row < rows; row++) {
        cells.compute(sequence.slot(), sequence.tokenAt(sequence.computed() + row));
      }
      if (rows > 0) {
        told.add(name(sequence) + " " + (sequence.answers() ? answers(sequence) : "+" + rows));
      }
    }
    for (Sequence sequence : lineup().waiting()) {
      Sequence leader = sequence.leader();
      told.add(name(sequence) + (leader == null ? " waits" : " waits for " + name(leader)));
    }
    if (total == 0) {
      return told.add("nothing to compute").toString();
    }
    int prompts = total - answers - drafted;
    int millis = cost[0] + cost[1] * answers + cost[2] * prompts + cost[3] * drafted;
    lineup().computed(millis * 1_000_000L);
    stepped.forEach(this::settle);
    stepped.forEach(this::takeToken);
    return told + (millis == 0 ? "" : "; " + millis + " ms");
  }

  private String answers(Sequence sequence) {
    int drafted = sequence.draftedTokens();
    return drafted == 0 ? "answers" : "answers, %d of %d right".formatted(stood(sequence), drafted);
  }

  private int stood(Sequence sequence) {
    int stood = 0;
    while (stood < sequence.draftedTokens()
        && sequence.draft().token(stood) == chosen(sequence, sequence.nextIndex() + stood)) {
      stood++;
    }
    return stood;
  }

  private int chosen(Sequence sequence, int index) {
    int[] words = said.getOrDefault(sequence, new int[0]);
    return index < words.length ? words[index] : token(name(sequence) + ANSWER, index);
  }

  private void settle(Sequence sequence) {
    if (sequence.computed() >= sequence.length()) {
      int stood = stood(sequence);
      lineup().settle(sequence, stood, chosen(sequence, sequence.nextIndex() + stood));
    }
  }

  private void takeToken(Sequence sequence) {
    if (sequence.computed() == sequence.length()) {
      sequence.append(chosen(sequence, sequence.nextIndex()));
      if (sequence.nextIndex() == sequence.request.maxTokens()) {
        lineup().leave(sequence);
      }
    }
  }

  private String cancel(String name) {
    lineup().leave(named(name));
    return "ok";
  }

  private String allow(String name, int limit) {
    named(name).allow(limit);
    return "ok";
  }

  private Sequence named(String name) {
    Sequence sequence = sequences.get(name);
    if (sequence == null) {
      throw new IllegalArgumentException("no sequence is named " + name);
    }
    return sequence;
  }

  private String name(@Nullable Sequence sequence) {
    return sequences.entrySet().stream()
        .filter(entry -> entry.getValue().equals(sequence))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse("nobody");
  }
}
