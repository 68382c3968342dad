package io.sampo.engines.spi.grammar;

import io.sampo.engines.spi.grammar.GrammarRules.Chars;
import io.sampo.engines.spi.grammar.GrammarRules.Element;
import io.sampo.engines.spi.grammar.GrammarRules.Ref;
import io.sampo.engines.spi.grammar.GrammarRules.Token;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Plays an opponent who wants a grammar to be in as many states at once as possible. llama.cpp
 * keeps one stack for each way to read what was said so far; where an ambiguous rule contains
 * itself their number grows exponentially with the text. The opponent takes, for a while, always
 * the character after which there are most stacks; a grammar that passes no bound then is taken for
 * harmless. (It could be fooled, so the engine also measures the time of each step.)
 */
final class Ambiguity {

  static final int MAX_STACKS = 1_000;

  private static final int CHARACTERS = 48;
  private static final int CHOICES = 24;
  private static final int MAX_VISITS = 2_000_000;

  /** A place in an alternative, and what follows when it is done; null is the end of the text. */
  private static final class Stack {
    final List<Element> alternative;
    final int index;
    final @Nullable Stack below;
    private final int hash;

    Stack(List<Element> alternative, int index, @Nullable Stack below) {
      this.alternative = alternative;
      this.index = index;
      this.below = below;
      hash = 31 * (31 * System.identityHashCode(alternative) + index) + Objects.hashCode(below);
    }

    Element top() {
      return alternative.get(index);
    }

    @Nullable Stack next() {
      return index + 1 < alternative.size() ? new Stack(alternative, index + 1, below) : below;
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // Alternatives are told apart by identity.
    public boolean equals(@Nullable Object other) {
      Stack a = this;
      Object b = other;
      while (b instanceof Stack stack && a.hash == stack.hash) {
        if (a == stack) {
          return true;
        }
        if (a.alternative != stack.alternative || a.index != stack.index) {
          return false;
        }
        if (a.below == null) {
          return stack.below == null;
        }
        a = a.below;
        b = stack.below;
      }
      return false;
    }
  }

  private final GrammarRules rules;
  private int visits;

  private Ambiguity(GrammarRules rules) {
    this.rules = rules;
  }

  static void check(GrammarRules rules) {
    Ambiguity play = new Ambiguity(rules);
    Set<Stack> stacks = new LinkedHashSet<>();
    for (List<Element> alternative : rules.alternatives(rules.root())) {
      play.enter(alternative.isEmpty() ? null : new Stack(alternative, 0, null), stacks);
    }
    for (int i = 0; i < CHARACTERS && !stacks.isEmpty(); i++) {
      stacks = play.worst(stacks);
    }
  }

  private Set<Stack> worst(Set<Stack> stacks) {
    Set<Stack> worst = Set.of();
    for (int character : choices(stacks)) {
      Set<Stack> after = after(stacks, character);
      if (after.size() > worst.size()) {
        worst = after;
      }
    }
    return worst;
  }

  /** Characters that some stack accepts, those that most stacks accept first. */
  private static List<Integer> choices(Collection<Stack> stacks) {
    Map<Integer, Integer> votes = new HashMap<>();
    for (Stack stack : stacks) {
      if (stack.top() instanceof Chars chars) {
        for (int i = 0; i < Math.min(chars.ranges().length, 2 * CHOICES); i += 2) {
          int character = chars.ranges()[i] - (chars.negated() ? 1 : 0);
          votes.merge(character, 1, Integer::sum);
        }
        if (chars.negated()) {
          votes.merge((int) 'a', 1, Integer::sum);
        }
      }
    }
    return votes.entrySet().stream()
        .sorted(
            Map.Entry.<Integer, Integer>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(CHOICES)
        .map(Map.Entry::getKey)
        .toList();
  }

  private Set<Stack> after(Set<Stack> stacks, int character) {
    Set<Stack> after = new LinkedHashSet<>();
    for (Stack stack : stacks) {
      boolean passes =
          stack.top() instanceof Token
              || (stack.top() instanceof Chars chars && chars.matches(character));
      if (passes) {
        enter(stack.next(), after);
      }
    }
    return after;
  }

  /** Adds the stacks that begin with a character, instead of rules. */
  private void enter(@Nullable Stack from, Set<Stack> into) {
    Deque<Stack> open = new ArrayDeque<>();
    Set<Stack> seen = new HashSet<>();
    if (from != null) {
      open.push(from);
    }
    while (!open.isEmpty()) {
      Stack stack = open.pop();
      if (!seen.add(stack)) {
        continue;
      }
      if (++visits > MAX_VISITS) {
        throw GrammarProblem.exceeds("ambiguity");
      }
      if (stack.top() instanceof Ref(int rule)) {
        for (List<Element> alternative : rules.alternatives(rule)) {
          Stack next =
              alternative.isEmpty() ? stack.next() : new Stack(alternative, 0, stack.next());
          if (next != null) {
            open.push(next);
          }
        }
      } else if (into.add(stack) && into.size() > MAX_STACKS) {
        throw GrammarProblem.exceeds("ambiguity");
      }
    }
  }
}
