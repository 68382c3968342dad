package io.sampo.engines.llamacpp;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the native context holds of running sequences and of those that ended, and how a new one
 * gets its beginning from them.
 *
 * <p>Every sequence has a number in the native context. A new one is given the longest beginning of
 * its prompt that any other holds, token by token, whether that one runs or has ended; the cells
 * are shared and nothing is copied. A sequence that ends keeps its number and its cells: it is
 * retained. The longest common beginning is found by comparing the prompt with each of at most 256
 * sequences, which takes less time than copying the prompt would; a tree of tokens would make
 * finding quicker and cutting, sharing and growing slower, and those happen at every step.
 *
 * <p>Cells are taken back from retained sequences when running ones need them, when more are held
 * than the {@link RetentionAccount} allows, or when numbers run out. What goes first is what would
 * be missed least: cost of computing it again, times how recently it was used. Cells go from a
 * sequence's end, so that what is left is still a beginning, and only cells that no other sequence
 * holds are freed. A retained sequence whose cells are all held by another one as well is dropped,
 * at no loss.
 *
 * <p>A sequence that is paused keeps its cells apart from that bound, because they will be wanted.
 * They are taken back only when running ones need them and nothing is retained any more.
 *
 * <p>Invariant: cells are shared only between sequences of one {@link Kin}.
 *
 * <p>Invariant: cells held never exceed the total. Running sequences are at most as many, and at
 * most as long, as the total was made for, so after taking back every other cell there is always
 * room for the next step; a running sequence never has to give up cells.
 */
final class PrefixCache {

  /** The cells themselves. */
  interface Cells {

    /** Gives an empty sequence the first cells of another; nothing is copied. */
    void share(int from, int to, int tokens);

    /** Gives up a sequence's cells from a position on. */
    void forget(int sequence, int from);
  }

  /**
   * How it is bounded.
   *
   * @param sequences numbers of sequences, running and retained ones together
   * @param totalCells cells there are
   * @param retainCells most cells that only retained sequences hold
   * @param rowCells how many of them slow a row by as much as it takes, which lets fewer be
   *     retained where they do not pay; 0 for always the most
   * @param shares whether the model's state can be shared and cut at all
   */
  record Bounds(int sequences, long totalCells, long retainCells, long rowCells, boolean shares) {}

  private enum Use {
    FREE,
    RUNNING,
    /** Of a sequence that will go on. */
    PAUSED,
    /** Of one that has ended. */
    RETAINED
  }

  /** No sequence's number. */
  static final int NONE = -1;

  /** Giving back fewer cells at a time would only mean doing it again at the next step. */
  private static final int LEAST_CUT = 32;

  /** At about this depth attention doubles the cost of computing a token. */
  private static final double DOUBLE_COST_DEPTH = 8192;

  /** Above the loss of any cell that is only retained. */
  private static final double CERTAIN_LOSS = 1e9;

  private static final int[] NOTHING = {};

  private final Bounds bounds;
  private final Cells cells;
  private final CellLedger ledger;
  private final RetentionAccount account;
  private final Use[] uses;
  private final @Nullable Sequence[] owners;
  private final int[][] retained;
  private final Kin[] kins;
  private final long[] lastUsed;
  private final boolean[] wanted;
  private long clock;

  /** {@link #retainedCells}, or -1 where it must be counted anew. */
  private long retainedCells;

  /** Whether a sequence has ended since the bound was applied. */
  private boolean due;

  PrefixCache(Bounds bounds, Cells cells) {
    this.bounds = bounds;
    this.cells = cells;
    ledger = new CellLedger(bounds.sequences);
    account = new RetentionAccount(bounds.retainCells, bounds.rowCells);
    wanted = new boolean[bounds.sequences];
    uses = new Use[bounds.sequences];
    Arrays.fill(uses, Use.FREE);
    owners = new Sequence[bounds.sequences];
    retained = new int[bounds.sequences][];
    Arrays.fill(retained, NOTHING);
    kins = new Kin[bounds.sequences];
    Arrays.fill(kins, Kin.COMMON);
    lastUsed = new long[bounds.sequences];
  }

  /** How many different cells are held. */
  long usedCells() {
    return ledger.used();
  }

  /** How many leading tokens of a sequence's prompt are held; its last token is never counted. */
  int held(Sequence sequence) {
    int[] prompt = sequence.request.promptIds();
    int length = Math.min(prompt.length, sequence.length());
    int best = holder(prompt, length, sequence.kin());
    return best < 0 ? 0 : common(best, prompt, length);
  }

  /**
   * How many of the first tokens of a text are held.
   *
   * @param length one more than are looked at
   */
  int held(Kin kin, int[] tokens, int length) {
    int best = holder(tokens, length, kin);
    return best < 0 ? 0 : common(best, tokens, length);
  }

  /** Begins a sequence or lets it go on: it gets a number and the longest beginning held. */
  void begin(Sequence sequence) {
    int before = holdsPaused(sequence) ? sequence.slot() : NONE;
    int source = source(sequence, before);
    int held = source < 0 ? 0 : common(source, sequence.tokens(), sequence.length());
    int number = source >= 0 && source == before ? source : number();
    if (source >= 0 && uses[source] == Use.RETAINED) {
      account.saved(held - heldRunning(sequence));
    }
    occupy(number, source, held);
    use(number, Use.RUNNING);
    owners[number] = sequence;
    kins[number] = sequence.kin();
    if (before >= 0 && before != number) {
      drop(before);
    }
    sequence.begin(number, held);
    dropBeginningsOf(number);
  }

  /** Who holds most of a sequence's beginning; where it shares with none, only itself. */
  private int source(Sequence sequence, int before) {
    return sequence.kin().scope().shared()
        ? holder(sequence.tokens(), sequence.length(), sequence.kin())
        : before;
  }

  /** A number holds the first cells of a sequence, perhaps its own, and nothing else. */
  private void occupy(int number, int source, int held) {
    if (number == source) {
      cut(number, held);
    } else {
      drop(number);
      if (held > 0) {
        cells.share(source, number, held);
        ledger.share(source, number, held);
      }
    }
  }

  private int heldRunning(Sequence sequence) {
    int held = 0;
    for (int number = 0; number < uses.length; number++) {
      if (uses[number] == Use.RUNNING && kins[number].shares(sequence.kin())) {
        held = Math.max(held, common(number, sequence.tokens(), sequence.length()));
      }
    }
    return held;
  }

  private boolean holdsPaused(Sequence sequence) {
    int number = sequence.slot();
    return number >= 0 && uses[number] == Use.PAUSED && sequence.equals(owners[number]);
  }

  /**
   * Makes a place for cells that come from outside. It holds what is held already and may be taken
   * away like everything that is retained, so {@link #keeps} is to be asked before more is added.
   *
   * @param kin who may use them
   * @param tokens the text; the array is kept
   * @return the place's number; {@link #NONE} when running and paused sequences have them all
   */
  int admit(Kin kin, int[] tokens) {
    if (Arrays.stream(uses).noneMatch(use -> use == Use.FREE || use == Use.RETAINED)) {
      return NONE;
    }
    int source = holder(tokens, tokens.length + 1, kin);
    int held = source < 0 ? 0 : common(source, tokens, tokens.length + 1);
    int number = number();
    occupy(number, source, held);
    use(number, Use.RETAINED);
    kins[number] = kin;
    retained[number] = tokens;
    lastUsed[number] = ++clock;
    return number;
  }

  /** Whether a place that was made for a text is still there and holds just so many tokens. */
  boolean keeps(int number, Kin kin, int[] tokens, int length) {
    return number >= 0
        && uses[number] == Use.RETAINED
        && kins[number].equals(kin)
        && Arrays.equals(retained[number], tokens)
        && ledger.length(number) == length;
  }

  /**
   * Makes room for cells from outside, at the cost of others that are retained. Somebody wants
   * them, so they are taken for cells that will be found.
   *
   * @return for how many there is room
   */
  int room(int number, int wanted) {
    account.saved(wanted);
    long over = over(wanted);
    while (over > 0 && evict(over, number, CERTAIN_LOSS)) {
      over = over(wanted);
    }
    return (int) Math.max(0, wanted - Math.max(0, over));
  }

  private long over(int wanted) {
    return Math.max(
        ledger.used() + wanted - bounds.totalCells, retainedCells() + wanted - account.bound());
  }

  /** Cells from outside were added to the end of their place. */
  void add(int number, int tokens) {
    ledger.grow(number, tokens);
    retainedCells = -1;
  }

  /** A running sequence computed more of its tokens. */
  void grow(Sequence sequence, int tokens) {
    ledger.grow(sequence.slot(), tokens);
  }

  /** A running sequence has fewer tokens computed than it holds cells; the others are given up. */
  void shrink(Sequence sequence) {
    cut(sequence.slot(), sequence.computed());
  }

  /**
   * A step was computed; what is retained has slowed it. Where a sequence has ended, or where that
   * has come to be a good deal too much, it is cut back; by a little at each step, new cells would
   * lie scattered among old ones.
   */
  void stepped(int rows) {
    long retains = retainedCells();
    account.stepped(rows, retains);
    if (due || retains - account.bound() > retains / 4) {
      trim();
    }
  }

  /** Makes room for a step; false would mean that the invariant is broken. */
  boolean reserve(int tokens) {
    while (ledger.used() + tokens > bounds.totalCells) {
      long over = ledger.used() + tokens - bounds.totalCells;
      if (!evict(over, NONE, Double.POSITIVE_INFINITY)) {
        return false;
      }
    }
    return true;
  }

  /** A running sequence gives up its place; {@link #begin} lets it go on. */
  void pause(Sequence sequence) {
    int number = sequence.slot();
    use(number, Use.PAUSED);
    lastUsed[number] = ++clock;
    if (!bounds.shares) {
      drop(number);
    }
  }

  /**
   * A running or paused sequence ended; what is held of it stays, within the bound. A bound that
   * only says what pays is applied with the next step: until then nothing is slowed by what is
   * beyond it, and somebody may come for it or take it out.
   */
  void retain(Sequence sequence) {
    int number = sequence.slot();
    if (!sequence.equals(owners[number])) {
      return;
    }
    use(number, Use.RETAINED);
    retained[number] = sequence.tokens();
    owners[number] = null;
    lastUsed[number] = ++clock;
    settle(number);
    due = true;
    if (bounds.rowCells == 0) {
      trim();
    }
  }

  /** What a retained sequence holds does not change any more: nothing is to be retained twice. */
  void settle(int number) {
    dropBeginningsOf(number);
    if (!bounds.shares || !kins[number].scope().shared() || isBeginningOfAnother(number)) {
      drop(number);
    }
  }

  private void trim() {
    due = false;
    long over = retainedCells() - account.bound();
    while (over > 0 && evict(over, NONE, Double.POSITIVE_INFINITY)) {
      over = retainedCells() - account.bound();
    }
  }

  /** How many cells may be retained now. */
  long retentionBound() {
    return account.bound();
  }

  /** Cells that no running or paused sequence holds. */
  long retainedCells() {
    if (retainedCells < 0) {
      for (int number = 0; number < uses.length; number++) {
        wanted[number] = uses[number] == Use.RUNNING || uses[number] == Use.PAUSED;
      }
      retainedCells = ledger.used() - ledger.usedBy(wanted);
    }
    return retainedCells;
  }

  /** Gives up what is retained of an adapter's sequences; none of them runs. */
  void forget(LoadedAdapter adapter) {
    for (int number = 0; number < uses.length; number++) {
      if (uses[number] == Use.RETAINED && kins[number].adapter() == adapter) {
        drop(number);
      }
    }
  }

  /**
   * The sequence of a kin that holds the most of a text's beginning, a running one if there is a
   * choice; {@link #NONE} where that is nothing.
   *
   * @param length one more than are looked at
   */
  int holder(int[] prompt, int length, Kin kin) {
    int best = NONE;
    int longest = 0;
    for (int number = 0; number < uses.length && bounds.shares; number++) {
      if (uses[number] != Use.FREE && kins[number].shares(kin)) {
        int common = common(number, prompt, length);
        boolean firm = common == longest && uses[number] == Use.RUNNING;
        if (common > 0 && (common > longest || firm)) {
          best = number;
          longest = common;
        }
      }
    }
    return best;
  }

  /** The sequence that holds the most; {@link #NONE} where nothing is held. */
  int longest() {
    int best = NONE;
    for (int number = 0; number < uses.length; number++) {
      if (ledger.length(number) > (best < 0 ? 0 : ledger.length(best))) {
        best = number;
      }
    }
    return best;
  }

  private int common(int number, int[] prompt, int length) {
    int limit = Math.min(ledger.length(number), length - 1);
    int different = Arrays.mismatch(tokens(number), 0, limit, prompt, 0, limit);
    return different < 0 ? limit : different;
  }

  private int[] tokens(int number) {
    Sequence owner = owners[number];
    return owner == null ? retained[number] : owner.tokens();
  }

  /** A free number, or that of the sequence that would be missed least. */
  private int number() {
    int least = -1;
    double leastLoss = Double.POSITIVE_INFINITY;
    for (int number = 0; number < uses.length; number++) {
      if (uses[number] == Use.FREE) {
        return number;
      }
      double loss = lossOfCell(number) * ledger.own(number);
      if (loss < leastLoss) {
        least = number;
        leastLoss = loss;
      }
    }
    if (least < 0) {
      throw new IllegalStateException("all sequences run");
    }
    return least;
  }

  /**
   * Takes cells from the sequence where each is missed least; false when none can give any.
   *
   * @param spared gives none, whatever it is worth
   * @param bearable each that may be taken is missed less than this
   */
  private boolean evict(long wanted, int spared, double bearable) {
    int least = NONE;
    double leastLoss = bearable;
    for (int number = 0; number < uses.length; number++) {
      boolean may = uses[number] != Use.FREE && number != spared;
      if (may && lossOfCell(number) < leastLoss) {
        least = number;
        leastLoss = lossOfCell(number);
      }
    }
    if (least < 0) {
      return false;
    }
    long cut = Math.min(ledger.own(least), Math.max(wanted, LEAST_CUT));
    cut(least, ledger.length(least) - (int) cut);
    if (ledger.own(least) == 0) {
      drop(least);
    }
    return true;
  }

  /** What losing a cell at a sequence's end costs: computing it again, times how likely that is. */
  private double lossOfCell(int number) {
    long age = clock - lastUsed[number];
    double loss = (1 + ledger.length(number) / DOUBLE_COST_DEPTH) / (1 + age);
    return switch (uses[number]) {
      case RETAINED -> loss;
      case PAUSED -> loss + CERTAIN_LOSS;
      case RUNNING, FREE -> Double.POSITIVE_INFINITY;
    };
  }

  private void dropBeginningsOf(int number) {
    for (int other = 0; other < uses.length; other++) {
      if (uses[other] == Use.RETAINED && isBeginning(other, number)) {
        drop(other);
      }
    }
  }

  /** Whether another sequence holds the same and more; it is then as fresh as this one. */
  private boolean isBeginningOfAnother(int number) {
    for (int other = 0; other < uses.length; other++) {
      if (uses[other] != Use.FREE && isBeginning(number, other)) {
        lastUsed[other] = lastUsed[number];
        return true;
      }
    }
    return false;
  }

  private boolean isBeginning(int one, int of) {
    int length = ledger.length(one);
    return one != of
        && kins[one].shares(kins[of])
        && length <= ledger.length(of)
        && Arrays.equals(tokens(one), 0, length, tokens(of), 0, length);
  }

  private void drop(int number) {
    cut(number, 0);
    use(number, Use.FREE);
    owners[number] = null;
    retained[number] = NOTHING;
    kins[number] = Kin.COMMON;
  }

  private void use(int number, Use use) {
    uses[number] = use;
    retainedCells = -1;
  }

  private void cut(int number, int from) {
    cells.forget(number, from);
    ledger.cut(number, from);
    retainedCells = -1;
  }
}
