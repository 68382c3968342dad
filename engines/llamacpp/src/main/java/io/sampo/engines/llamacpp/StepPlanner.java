package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.speculation.StepCosts;
import java.util.List;

/**
 * Chooses what the next step computes.
 *
 * <p>Sequences that need one token more come first, so a running answer never waits for more than
 * one step; what was drafted for them comes with it. The rest of the step goes to prompts, in
 * chunks. While any answer runs, that rest is as large as the step's predicted time allows within
 * the inter-token target, but never less than a share of the target, without which a full house of
 * answers would keep prompts out for good. When no answer runs, or without a target, a step is as
 * large as it can be.
 *
 * <p>Among prompts the more urgent goes first; of those that are equally so, one that others wait
 * for: its rows count for all of them. Then the shortest remainder, which gives the least mean time
 * to the first token. The oldest prompt has a quarter of the rows whatever else comes, so that a
 * stream of short prompts slows a long one down and never stops it.
 *
 * <p>A CPU computes the attention of {@link #TILE_ROWS} rows or more in tiles, each over all cells
 * that any of its rows sees, and that of fewer rows one by one. Rows of one prompt see the same
 * cells, and deep in a prompt tiles are many times faster; rows of several answers see different
 * ones, and a tile of them costs as if each saw all. So a deep prompt gets a tile of rows even when
 * that exceeds the target, and a step of a tile or more computes answers and prompts in two passes.
 *
 * <p>In the deterministic mode a step holds one sequence alone, the most urgent that can go on,
 * then the oldest.
 */
final class StepPlanner {

  /** What the planner sees of a sequence. */
  interface Demand {

    /** How many tokens could be computed now; 0 while the sequence waits for its reader. */
    int readyTokens();

    /** How many of its tokens are computed. */
    int computed();

    /** How many guesses at the tokens after those the step is to compute with them. */
    int draftedTokens();

    /** Whether its answer has begun, so that somebody sees how far apart its tokens come. */
    boolean answers();

    /** Whether other sequences wait for what this one computes. */
    boolean isFollowed();

    /** The lower, the earlier it is served. */
    int urgency();
  }

  /**
   * How it plans.
   *
   * @param batchTokens most rows of a step; at least as many as there are sequences
   * @param targetMillis the inter-token target; 0 for none
   * @param oneAtATime the deterministic mode
   */
  record Rules(int batchTokens, int targetMillis, boolean oneAtATime) {}

  /** Rows from which llama.cpp's fused attention kernel of the CPU computes tiles. */
  static final int TILE_ROWS = 64;

  /**
   * Rows that llama.cpp's repacked weights are multiplied with at once; each one that is left over
   * takes half as long again.
   */
  private static final int GROUP_ROWS = 4;

  /** From this depth on attention row by row takes longer than the weights. */
  private static final int DEEP_TOKENS = 1024;

  /** Share of the target that prompts get even where answers alone take longer than it. */
  private static final double PROMPT_SHARE = 0.5;

  /** Below this a chunk costs more to begin than to compute; at least as many as a group has. */
  private static final int LEAST_CHUNK = 8;

  private static final int OLDEST_PROMPTS_PART = 4;

  /** Every other chunk is smaller by such a part. */
  private static final int SWAY_PART = 4;

  private final Rules rules;
  private final StepTime time = new StepTime();
  private int answerRows;
  private int draftedRows;
  private int promptRows;
  private boolean larger;

  StepPlanner(Rules rules) {
    this.rules = rules;
  }

  /** Plans a step where all sequences can be in it. */
  int plan(List<? extends Demand> sequences, int[] rows) {
    return plan(sequences, rows, 1, false);
  }

  /**
   * Plans a step.
   *
   * @param sequences the oldest first
   * @param rows filled in: how many tokens of each sequence to compute
   * @param turns how many groups of sequences, this one among them, have steps in turn and share
   *     the inter-token target
   * @param answersWait whether an answer of another group waits for its turn
   * @return the sum of the rows; 0 when nothing can be computed
   */
  int plan(List<? extends Demand> sequences, int[] rows, int turns, boolean answersWait) {
    for (int i = 0; i < sequences.size(); i++) {
      rows[i] = 0;
    }
    answerRows = 0;
    draftedRows = 0;
    promptRows = 0;
    if (rules.oneAtATime) {
      return planOne(sequences, rows);
    }
    planSingles(sequences, rows);
    double target = (double) rules.targetMillis / turns;
    int left = promptBudget(deepPrompt(sequences), answerRows > 0 || answersWait ? target : 0);
    left -= planPrompt(sequences, rows, oldestPrompt(sequences, rows), oldestShare(left));
    for (int next = nextPrompt(sequences, rows);
        left > 0 && next >= 0;
        next = nextPrompt(sequences, rows)) {
      left -= planPrompt(sequences, rows, next, left);
    }
    return answerRows + draftedRows + promptRows;
  }

  /** What steps take, as far as those that were run tell. */
  StepCosts costs() {
    return time;
  }

  /** Whether the planned step computes answers and prompts in two passes. */
  boolean computesApart() {
    return answerRows > 0 && promptRows > 0 && answerRows + draftedRows + promptRows >= TILE_ROWS;
  }

  /** Learns what the step that was planned last took. */
  void observe(long nanos) {
    time.observe(answerRows, draftedRows, promptRows, nanos / 1e6);
  }

  private int planOne(List<? extends Demand> sequences, int[] rows) {
    int first = -1;
    for (int i = 0; i < sequences.size(); i++) {
      Demand sequence = sequences.get(i);
      boolean goes = sequence.readyTokens() > 0;
      if (goes && (first < 0 || sequence.urgency() < sequences.get(first).urgency())) {
        first = i;
      }
    }
    if (first < 0) {
      return 0;
    }
    rows[first] = Math.min(sequences.get(first).readyTokens(), rules.batchTokens);
    return rows[first];
  }

  private void planSingles(List<? extends Demand> sequences, int[] rows) {
    for (int i = 0; i < sequences.size() && rowsLeft() > 0; i++) {
      Demand sequence = sequences.get(i);
      if (sequence.readyTokens() == 1) {
        rows[i] = 1 + sequence.draftedTokens();
        draftedRows += sequence.draftedTokens();
        if (sequence.answers()) {
          answerRows++;
        } else {
          promptRows++;
        }
      }
    }
  }

  private int rowsLeft() {
    return rules.batchTokens - answerRows - draftedRows - promptRows;
  }

  private static boolean deepPrompt(List<? extends Demand> sequences) {
    for (int i = 0; i < sequences.size(); i++) {
      Demand sequence = sequences.get(i);
      if (sequence.readyTokens() > 1 && sequence.computed() >= DEEP_TOKENS) {
        return true;
      }
    }
    return false;
  }

  /**
   * @param target in milliseconds; 0 where nobody waits for the next token of an answer
   */
  private int promptBudget(boolean deep, double target) {
    int room = rowsLeft();
    if (target == 0) {
      return room;
    }
    double left = target - time.predictMillis(answerRows, draftedRows, promptRows);
    double granted = Math.max(left, target * PROMPT_SHARE);
    int within = time.promptRowsWithin(granted);
    return deep
        ? Math.clamp(within, Math.min(TILE_ROWS, room), room)
        : Math.min(wholeGroups(swayed(within)), room);
  }

  /**
   * Makes chunks larger and smaller by turns. The sum of all rows would otherwise stay the same
   * from step to step, and nothing could be learned of what a row costs.
   */
  private int swayed(int within) {
    larger = !larger;
    return larger
        ? Math.max(within, LEAST_CHUNK + GROUP_ROWS)
        : Math.max(within - within / SWAY_PART, LEAST_CHUNK);
  }

  /** Leaves out a few rows of a chunk, so that all rows of the step are whole groups. */
  private int wholeGroups(int chunk) {
    return chunk - (answerRows + draftedRows + promptRows + chunk) % GROUP_ROWS;
  }

  private static int oldestShare(int budget) {
    return Math.ceilDiv(budget, OLDEST_PROMPTS_PART);
  }

  private int planPrompt(List<? extends Demand> sequences, int[] rows, int i, int most) {
    if (i < 0) {
      return 0;
    }
    int more = Math.min(sequences.get(i).readyTokens() - rows[i], most);
    rows[i] += more;
    promptRows += more;
    return more;
  }

  private static int oldestPrompt(List<? extends Demand> sequences, int[] rows) {
    for (int i = 0; i < sequences.size(); i++) {
      if (sequences.get(i).readyTokens() > rows[i]) {
        return i;
      }
    }
    return -1;
  }

  private static int nextPrompt(List<? extends Demand> sequences, int[] rows) {
    int best = -1;
    for (int i = 0; i < sequences.size(); i++) {
      if (open(sequences, rows, i) > 0 && (best < 0 || goesBefore(sequences, rows, i, best))) {
        best = i;
      }
    }
    return best;
  }

  private static boolean goesBefore(
      List<? extends Demand> sequences, int[] rows, int one, int other) {
    Demand a = sequences.get(one);
    Demand b = sequences.get(other);
    if (a.urgency() != b.urgency()) {
      return a.urgency() < b.urgency();
    }
    return a.isFollowed() == b.isFollowed()
        ? open(sequences, rows, one) < open(sequences, rows, other)
        : a.isFollowed();
  }

  private static int open(List<? extends Demand> sequences, int[] rows, int i) {
    return sequences.get(i).readyTokens() - rows[i];
  }
}
