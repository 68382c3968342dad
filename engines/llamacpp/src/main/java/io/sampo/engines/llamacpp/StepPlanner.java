package io.sampo.engines.llamacpp;

import java.util.List;

/**
 * Chooses what the next step computes. Sequences that only need their next token come first, so a
 * running answer never waits for more than one step; the rest of the step's rows goes to prompts,
 * oldest first, in chunks. In the deterministic mode a step holds one sequence alone, the oldest
 * that can go on.
 */
final class StepPlanner {

  /** What the planner sees of a sequence. */
  interface Demand {

    /** How many tokens could be computed now; 0 while the sequence waits for its reader. */
    int readyTokens();
  }

  private final int batchTokens;
  private final boolean oneAtATime;

  /**
   * @param batchTokens most rows of a step; at least as many as there are sequences
   * @param oneAtATime the deterministic mode
   */
  StepPlanner(int batchTokens, boolean oneAtATime) {
    this.batchTokens = batchTokens;
    this.oneAtATime = oneAtATime;
  }

  /**
   * Plans a step.
   *
   * @param sequences the oldest first
   * @param rows filled in: how many tokens of each sequence to compute
   * @return the sum of the rows; 0 when nothing can be computed
   */
  int plan(List<? extends Demand> sequences, int[] rows) {
    int count = sequences.size();
    int left = batchTokens;
    for (int i = 0; i < count; i++) {
      rows[i] = 0;
    }
    if (oneAtATime) {
      return planOne(sequences, rows);
    }
    for (int i = 0; i < count && left > 0; i++) {
      if (sequences.get(i).readyTokens() == 1) {
        rows[i] = 1;
        left--;
      }
    }
    for (int i = 0; i < count && left > 0; i++) {
      if (rows[i] == 0) {
        rows[i] = Math.min(sequences.get(i).readyTokens(), left);
        left -= rows[i];
      }
    }
    return batchTokens - left;
  }

  private int planOne(List<? extends Demand> sequences, int[] rows) {
    for (int i = 0; i < sequences.size(); i++) {
      int ready = sequences.get(i).readyTokens();
      if (ready > 0) {
        rows[i] = Math.min(ready, batchTokens);
        return rows[i];
      }
    }
    return 0;
  }
}
