package io.sampo.engines.spi.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a grammar after llama.cpp's expansion: groups and repetitions have become rules of
 * their own. A rule is a list of alternatives, each a list of elements.
 */
final class GrammarRules {

  static final int MAX_NAMED = 2_000;
  static final int MAX_RULES = 20_000;
  static final int MAX_ELEMENTS = 200_000;

  /** What an alternative is made of. */
  sealed interface Element {}

  /** Another rule. */
  record Ref(int rule) implements Element {}

  /**
   * One character.
   *
   * @param ranges first and last code points, in pairs
   * @param negated any but these
   */
  record Chars(int[] ranges, boolean negated) implements Element {

    boolean matches(int codePoint) {
      for (int i = 0; i < ranges.length; i += 2) {
        if (codePoint >= ranges[i] && codePoint <= ranges[i + 1]) {
          return !negated;
        }
      }
      return negated;
    }
  }

  /** One token of the vocabulary, whatever its text. */
  record Token() implements Element {}

  private final Map<String, Integer> names = new HashMap<>();
  private final List<@Nullable List<List<Element>>> rules = new ArrayList<>();
  private int elements;

  int named(String name) {
    Integer known = names.get(name);
    if (known != null) {
      return known;
    }
    if (names.size() == MAX_NAMED) {
      throw GrammarProblem.exceeds(MAX_NAMED + " rules");
    }
    names.put(name, rules.size());
    return unnamed();
  }

  int unnamed() {
    if (rules.size() == MAX_RULES) {
      throw GrammarProblem.exceeds(MAX_RULES + " rules after expansion");
    }
    rules.add(null);
    return rules.size() - 1;
  }

  void define(int rule, List<List<Element>> alternatives) {
    rules.set(rule, alternatives);
  }

  /** Counts elements that are about to be made. */
  void grow(long more) {
    if (elements + more > MAX_ELEMENTS) {
      throw GrammarProblem.exceeds(MAX_ELEMENTS + " elements after expansion");
    }
    elements += (int) more;
  }

  int root() {
    Integer root = names.get("root");
    if (root == null) {
      throw GrammarProblem.broken("it has no rule named root");
    }
    return root;
  }

  void checkDefined() {
    names.forEach(
        (name, rule) -> {
          if (rules.get(rule) == null) {
            throw GrammarProblem.broken("it uses a rule that it does not define: " + name);
          }
        });
    root();
  }

  int count() {
    return rules.size();
  }

  List<List<Element>> alternatives(int rule) {
    List<List<Element>> alternatives = rules.get(rule);
    if (alternatives == null) {
      throw new IllegalStateException("not defined");
    }
    return alternatives;
  }

  /** For each rule, whether it can match nothing at all. */
  boolean[] nullable() {
    return closure(false);
  }

  /** Refuses a rule that no text can ever complete; llama.cpp aborts where it finds no way on. */
  void checkProductive() {
    for (boolean productive : closure(true)) {
      if (!productive) {
        throw GrammarProblem.broken("a rule can never come to its end");
      }
    }
  }

  /**
   * The rules with an alternative of which each element is in the set too.
   *
   * @param characters whether characters and tokens count as in the set
   */
  private boolean[] closure(boolean characters) {
    boolean[] in = new boolean[count()];
    for (boolean changed = true; changed; ) {
      changed = false;
      // Later rules first: expansions refer to what was made just before them.
      for (int rule = count() - 1; rule >= 0; rule--) {
        if (!in[rule] && anyIn(alternatives(rule), in, characters)) {
          in[rule] = true;
          changed = true;
        }
      }
    }
    return in;
  }

  private static boolean anyIn(List<List<Element>> alternatives, boolean[] in, boolean characters) {
    return alternatives.stream()
        .anyMatch(
            alternative ->
                alternative.stream().allMatch(e -> e instanceof Ref(int r) ? in[r] : characters));
  }
}
