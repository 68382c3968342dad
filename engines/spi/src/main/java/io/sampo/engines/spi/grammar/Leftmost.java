package io.sampo.engines.spi.grammar;

import io.sampo.engines.spi.grammar.GrammarRules.Element;
import io.sampo.engines.spi.grammar.GrammarRules.Ref;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What stands at the beginning of rules. Following a rule means entering all the rules that may
 * begin it before a character is read. A rule that so enters itself and leaves something to do
 * after it piles that up without end; llama.cpp finds this only where no other rule has to match
 * nothing first. A rule with very many ways in costs as much at each token.
 *
 * <p>Rules that enter each other in a circle are found as strongly connected components (Tarjan
 * 1972). A circle is harmless when each step is the last one of its alternative, as in {@code (a?
 * b?)+}.
 */
final class Leftmost {

  static final int MAX_WAYS = 50_000;
  static final int MAX_TOTAL = 5_000_000;
  static final int MAX_CHAIN = 2_500;

  /** A rule that may be entered; leaving more when its alternative goes on behind it. */
  private record Step(int rule, boolean leavesMore) {}

  private final GrammarRules rules;
  private final boolean[] nullable;
  private final int[] order;
  private final int[] lowest;
  private final long[] ways;
  private final Deque<Integer> open = new ArrayDeque<>();
  private int visited;
  private long total;

  private Leftmost(GrammarRules rules) {
    this.rules = rules;
    nullable = rules.nullable();
    order = new int[rules.count()];
    lowest = new int[rules.count()];
    ways = new long[rules.count()];
  }

  static void check(GrammarRules rules) {
    Leftmost leftmost = new Leftmost(rules);
    for (int rule = 0; rule < rules.count(); rule++) {
      if (leftmost.order[rule] == 0) {
        leftmost.visit(rule, 0);
      }
    }
  }

  private void visit(int rule, int chain) {
    if (chain > MAX_CHAIN) {
      throw GrammarProblem.exceeds("chain of " + MAX_CHAIN + " rules");
    }
    order[rule] = ++visited;
    lowest[rule] = visited;
    open.push(rule);
    for (Step step : steps(rule)) {
      if (order[step.rule] == 0) {
        visit(step.rule, chain + 1);
        lowest[rule] = Math.min(lowest[rule], lowest[step.rule]);
      } else if (ways[step.rule] == 0) {
        lowest[rule] = Math.min(lowest[rule], order[step.rule]);
      }
    }
    if (lowest[rule] == order[rule]) {
      close(rule);
    }
  }

  /** All rules of a circle are known; a rule that is in none is a circle of its own. */
  private void close(int first) {
    List<Integer> circle = new ArrayList<>();
    int rule;
    do {
      rule = open.pop();
      circle.add(rule);
    } while (rule != first);
    long sum = 0;
    for (int each : circle) {
      sum++;
      for (Step step : steps(each)) {
        if (ways[step.rule] > 0) {
          sum += ways[step.rule];
        } else if (step.leavesMore) {
          throw GrammarProblem.broken("a rule is left-recursive");
        }
        if (sum > MAX_WAYS) {
          throw GrammarProblem.exceeds("alternatives");
        }
      }
    }
    for (int each : circle) {
      ways[each] = sum;
      total += sum;
    }
    if (total > MAX_TOTAL) {
      throw GrammarProblem.exceeds("alternatives");
    }
  }

  private List<Step> steps(int rule) {
    List<Step> steps = new ArrayList<>();
    for (List<Element> alternative : rules.alternatives(rule)) {
      for (int i = 0; i < alternative.size(); i++) {
        if (!(alternative.get(i) instanceof Ref(int next))) {
          break;
        }
        steps.add(new Step(next, i + 1 < alternative.size()));
        if (!nullable[next]) {
          break;
        }
      }
    }
    return steps;
  }
}
