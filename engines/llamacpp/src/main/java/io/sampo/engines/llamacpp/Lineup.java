package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.speculation.Speculation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The accepted sequences of an engine: those that wait to begin, those that run, what they hold and
 * what the next step computes. Pure: native calls and listeners are its caller's.
 *
 * <p>A new sequence begins at once, unless one that is there already is about to compute a
 * beginning of its prompt: then it waits for that leader and computes only the rest. A leader that
 * waits itself is always older than its followers, so nobody waits in a circle. Who loses its
 * leader looks for another one or goes on with what was computed; so does who follows one that
 * stands still at its reader's limit, or one that is paused.
 *
 * <p>Where all places are taken, one that is less urgent than the next in turn is paused; see
 * {@link Precedence}. It keeps what it has computed as long as nobody needs the cells and goes on
 * from there, so that its tokens are the same and only come later.
 */
final class Lineup {

  /** Waiting for less than this would take longer than computing it in the same step. */
  private static final int LEAST_JOIN_TOKENS = 16;

  private final PrefixCache cache;
  private final StepPlanner planner;
  private final Turns turns;
  private final Speculation speculation;
  private final boolean shares;
  private final List<Sequence> waiting = new ArrayList<>();
  private final List<Sequence> running = new ArrayList<>();
  private final int places;
  private final int[] rows;
  private final List<Sequence> inTurn = new ArrayList<>();
  private final int[] rowsInTurn;
  private long arrivals;
  private long preemptions;

  Lineup(
      int maxSequences,
      PrefixCache.Bounds bounds,
      StepPlanner.Rules rules,
      Speculation speculation,
      PrefixCache.Cells cells) {
    cache = new PrefixCache(bounds, cells);
    planner = new StepPlanner(rules);
    turns = new Turns(rules);
    this.speculation = speculation;
    shares = bounds.shares();
    places = maxSequences;
    rows = new int[maxSequences];
    rowsInTurn = new int[maxSequences];
  }

  /** Takes in a sequence; {@link #beginNext} begins it. */
  void arrive(Sequence sequence) {
    sequence.arrive(++arrivals);
    lookForLeader(sequence);
    waiting.add(sequence);
  }

  /**
   * Begins the next sequence whose time has come, or lets it go on; null when there is none. One
   * that waits for its leader has a place kept for it.
   */
  @Nullable Sequence beginNext() {
    waiting.sort(Precedence.ORDER);
    int free = places - running.size();
    for (int i = 0; i < waiting.size(); i++) {
      Sequence sequence = waiting.get(i);
      if (!mayBegin(sequence)) {
        free--;
      } else if (free > 0 || makeWay(sequence)) {
        waiting.remove(i);
        begin(sequence);
        return sequence;
      }
    }
    return null;
  }

  private void begin(Sequence sequence) {
    sequence.follow(null, 0);
    cache.begin(sequence);
    running.add(sequence);
    Precedence.overtake(waiting, sequence);
  }

  private boolean makeWay(Sequence to) {
    Sequence sequence = Precedence.givesWay(running, to);
    if (sequence == null) {
      return false;
    }
    running.remove(sequence);
    speculation.forget(sequence);
    cache.pause(sequence);
    sequence.pause();
    waiting.add(sequence);
    preemptions++;
    return true;
  }

  private boolean mayBegin(Sequence sequence) {
    Sequence leader = sequence.leader();
    if (leader != null && !leads(leader)) {
      lookForLeader(sequence);
      leader = sequence.leader();
    }
    if (leader == null) {
      return true;
    }
    boolean there = leader.computed() >= sequence.awaitedTokens();
    return leader.hasBegun() && (there || leader.readyTokens() == 0);
  }

  /** The one that will compute the longest beginning of the prompt, if that is worth the wait. */
  private void lookForLeader(Sequence sequence) {
    sequence.follow(null, 0);
    if (!shares) {
      return;
    }
    int[] prompt = sequence.request.promptIds();
    int length = Math.min(prompt.length, sequence.length());
    Sequence leader = null;
    int longest = cache.held(sequence);
    for (int i = 0; i < running.size() + waiting.size(); i++) {
      Sequence other = i < running.size() ? running.get(i) : waiting.get(i - running.size());
      boolean leads = i < running.size() || mayLead(other, sequence);
      boolean same = other.kin().shares(sequence.kin());
      int common = leads && same ? common(other, prompt, length) : 0;
      if (common - longest >= LEAST_JOIN_TOKENS) {
        leader = other;
        longest = common;
      }
    }
    if (leader != null) {
      sequence.follow(leader, longest);
    }
  }

  private boolean leads(Sequence leader) {
    return running.contains(leader) || (waiting.contains(leader) && !leader.paused());
  }

  /**
   * Of those that wait themselves, only older ones lead; that keeps them from following in turn.
   */
  private static boolean mayLead(Sequence waiting, Sequence follower) {
    return waiting.arrival() < follower.arrival() && !waiting.paused();
  }

  private static int common(Sequence other, int[] prompt, int length) {
    int limit = Math.min(other.length(), length - 1);
    int different = Arrays.mismatch(other.tokens(), 0, limit, prompt, 0, limit);
    return different < 0 ? limit : different;
  }

  /** Sequences that run, in the order in which they began. Changes when one begins or leaves. */
  List<Sequence> running() {
    return running;
  }

  /** Sequences that wait for a place or a leader. */
  List<Sequence> waiting() {
    return waiting;
  }

  /** How many tokens of the n-th running sequence the planned step computes. */
  int rows(int n) {
    return rows[n];
  }

  /**
   * Plans a step of the sequences whose turn it is, and makes room for it.
   *
   * @return the sum of the rows; 0 when nothing can be computed
   */
  int plan() {
    turns.next(running);
    inTurn.clear();
    boolean answersWait = false;
    for (int i = 0; i < running.size(); i++) {
      Sequence sequence = running.get(i);
      if (turns.has(sequence)) {
        inTurn.add(sequence);
      } else {
        answersWait |= sequence.answers() && sequence.readyTokens() > 0;
      }
    }
    speculation.draft(inTurn, planner.costs());
    int total = planner.plan(inTurn, rowsInTurn, turns.count(), answersWait);
    int next = 0;
    for (int i = 0; i < running.size(); i++) {
      rows[i] = turns.has(running.get(i)) ? rowsInTurn[next++] : 0;
    }
    if (!cache.reserve(total)) {
      throw new IllegalStateException("running sequences hold more cells than there are");
    }
    return total;
  }

  /** What the planned step computes with; null is the model alone. */
  @Nullable LoadedAdapter adapter() {
    return turns.current();
  }

  /** Whether the planned step's answers and prompts are computed in two passes. */
  boolean computesApart() {
    return planner.computesApart();
  }

  /**
   * The planned step was computed in this time. Drafts that were in it are to be settled before
   * anything else is asked.
   */
  void computed(long nanos) {
    planner.observe(nanos);
    turns.computed(nanos);
    int total = 0;
    for (int i = 0; i < running.size(); i++) {
      if (rows[i] > 0) {
        cache.grow(running.get(i), rows[i]);
        running.get(i).advance(rows[i]);
        total += rows[i];
      }
    }
    cache.stepped(total);
  }

  /**
   * Settles the draft of a sequence; the cells of drafted tokens that did not stand are given up.
   *
   * @param stood how many of them were what the model chose
   * @param next what it chose after them
   */
  void settle(Sequence sequence, int stood, int next) {
    int drafted = sequence.draftedTokens();
    sequence.settleDraft(stood, next);
    if (stood < drafted) {
      cache.shrink(sequence);
    }
  }

  /** A sequence ends, running or not; what it computed may be retained. */
  void leave(Sequence sequence) {
    sequence.follow(null, 0);
    waiting.remove(sequence);
    if (running.remove(sequence) || sequence.paused()) {
      speculation.forget(sequence);
      cache.retain(sequence);
    }
  }

  /** A sequence ends with the native context, of which nothing is known any more. */
  void abandon(Sequence sequence) {
    waiting.remove(sequence);
    running.remove(sequence);
  }

  /** Gives up what is retained of an adapter that nobody uses any more. */
  void forget(LoadedAdapter adapter) {
    cache.forget(adapter);
  }

  /** How often a running sequence gave way to a more urgent one. */
  long preemptions() {
    return preemptions;
  }

  /** Cells held only of sequences that have ended. */
  long retainedCells() {
    return cache.retainedCells();
  }

  /** How many of them may be held now. */
  long retentionBound() {
    return cache.retentionBound();
  }

  /** What is held, for whoever moves KV in or out between two steps. */
  PrefixCache cache() {
    return cache;
  }

  /** Cells held by running, paused and retained sequences. */
  long usedCells() {
    return cache.usedCells();
  }
}
