package io.sampo.engines.spi.grammar;

import org.jspecify.annotations.Nullable;

/**
 * Why a grammar is refused.
 *
 * @param limit the limit it exceeds, or null when it is broken
 * @param reason one clause for the caller, without the grammar's text
 */
public record GrammarProblem(@Nullable String limit, String reason) {

  /** Leaves the check at the first problem; never leaves this package. */
  static final class Found extends RuntimeException {

    private final transient GrammarProblem problem;

    private Found(GrammarProblem problem) {
      super(problem.reason, null, false, false);
      this.problem = problem;
    }

    GrammarProblem problem() {
      return problem;
    }
  }

  static Found broken(String reason) {
    return new Found(new GrammarProblem(null, reason));
  }

  static Found exceeds(String limit) {
    return new Found(new GrammarProblem(limit, "it exceeds the limit '" + limit + "'"));
  }
}
