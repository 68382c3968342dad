package io.sampo.engines.llamacpp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The accepted sequences of an engine: those that wait to begin, those that run, what they hold and
 * what the next step computes. Pure: native calls and listeners are its caller's.
 *
 * <p>A new sequence begins at once, unless one that is there already is about to compute a
 * beginning of its prompt: then it waits for that leader and computes only the rest. A leader is
 * always older than its followers, so nobody waits in a circle. Who loses its leader looks for
 * another one or goes on with what was computed; so does who follows one that stands still at its
 * reader's limit.
 */
final class Lineup {

  /** Waiting for less than this would take longer than computing it in the same step. */
  private static final int LEAST_JOIN_TOKENS = 16;

  private final PrefixCache cache;
  private final StepPlanner planner;
  private final boolean shares;
  private final List<Sequence> waiting = new ArrayList<>();
  private final List<Sequence> running = new ArrayList<>();
  private final int[] rows;

  Lineup(
      int maxSequences,
      PrefixCache.Bounds bounds,
      StepPlanner.Rules rules,
      PrefixCache.Cells cells) {
    cache = new PrefixCache(bounds, cells);
    planner = new StepPlanner(rules);
    shares = bounds.shares();
    rows = new int[maxSequences];
  }

  /** Takes in a sequence; {@link #beginNext} begins it. */
  void arrive(Sequence sequence) {
    lookForLeader(sequence, waiting.size());
    waiting.add(sequence);
  }

  /** Begins the next sequence whose time has come; null when there is none. */
  @Nullable Sequence beginNext() {
    for (int i = 0; i < waiting.size(); i++) {
      Sequence sequence = waiting.get(i);
      if (mayBegin(sequence, i)) {
        waiting.remove(i);
        sequence.follow(null, 0);
        cache.begin(sequence);
        running.add(sequence);
        return sequence;
      }
    }
    return null;
  }

  private boolean mayBegin(Sequence sequence, int place) {
    Sequence leader = sequence.leader();
    if (leader != null && !running.contains(leader) && !waiting.contains(leader)) {
      lookForLeader(sequence, place);
      leader = sequence.leader();
    }
    if (leader == null) {
      return true;
    }
    boolean there = leader.computed() >= sequence.awaitedTokens();
    return leader.hasBegun() && (there || leader.readyTokens() == 0);
  }

  /** The one that will compute the longest beginning of the prompt, if that is worth the wait. */
  private void lookForLeader(Sequence sequence, int place) {
    sequence.follow(null, 0);
    if (!shares) {
      return;
    }
    int[] prompt = sequence.request.promptIds();
    Sequence leader = null;
    int longest = cache.held(prompt);
    for (int i = 0; i < running.size() + place; i++) {
      Sequence other = i < running.size() ? running.get(i) : waiting.get(i - running.size());
      int common = common(other, prompt);
      if (common - longest >= LEAST_JOIN_TOKENS) {
        leader = other;
        longest = common;
      }
    }
    if (leader != null) {
      sequence.follow(leader, longest);
    }
  }

  private static int common(Sequence other, int[] prompt) {
    int limit = Math.min(other.length(), prompt.length - 1);
    int different = Arrays.mismatch(other.tokens(), 0, limit, prompt, 0, limit);
    return different < 0 ? limit : different;
  }

  /** Sequences that run, the oldest first. Changes when one begins or leaves. */
  List<Sequence> running() {
    return running;
  }

  /** Sequences that wait for a leader, the oldest first. */
  List<Sequence> waiting() {
    return waiting;
  }

  /** How many tokens of the n-th running sequence the planned step computes. */
  int rows(int n) {
    return rows[n];
  }

  /**
   * Plans a step and makes room for it.
   *
   * @return the sum of the rows; 0 when nothing can be computed
   */
  int plan() {
    int total = planner.plan(running, rows);
    if (!cache.reserve(total)) {
      throw new IllegalStateException("running sequences hold more cells than there are");
    }
    return total;
  }

  /** Whether the planned step's answers and prompts are computed in two passes. */
  boolean computesApart() {
    return planner.computesApart();
  }

  /** The planned step was computed in this time. */
  void computed(long nanos) {
    planner.observe(nanos);
    for (int i = 0; i < running.size(); i++) {
      if (rows[i] > 0) {
        cache.grow(running.get(i), rows[i]);
        running.get(i).advance(rows[i]);
      }
    }
  }

  /** A sequence ends, running or not; what it computed may be retained. */
  void leave(Sequence sequence) {
    sequence.follow(null, 0);
    waiting.remove(sequence);
    if (running.remove(sequence)) {
      cache.retain(sequence);
    }
  }

  /** A sequence ends with the native context, of which nothing is known any more. */
  void abandon(Sequence sequence) {
    waiting.remove(sequence);
    running.remove(sequence);
  }

  /** Gives up all that is retained; false when that is nothing. */
  boolean forgetRetained() {
    return cache.forgetRetained();
  }

  /** Cells held by running and retained sequences. */
  long usedCells() {
    return cache.usedCells();
  }
}
