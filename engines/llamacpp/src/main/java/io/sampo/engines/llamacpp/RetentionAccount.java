package io.sampo.engines.llamacpp;

/**
 * How many cells may be held of sequences that have ended: as many as pay for themselves.
 *
 * <p>A retained cell slows every row of every step a little; one that is found again saves
 * computing a row. Both are counted in rows. What was saved is paid in, what the retained cells
 * cost is taken out, and as many cells may be retained as there are rows in the account. Where the
 * two are in balance the bound stands at the break-even: where it comes down, retaining so much
 * costs more than it brings, and where nothing is found again it fades to the least.
 *
 * <p>Invariant: retention has never cost more rows than it saved, but for what the account began
 * with and what the least costs.
 */
final class RetentionAccount {

  /** The account begins with cells that slow a row by this share of it. */
  private static final double FIRST_SHARE = 0.2;

  /** Cells that slow a row by this share are always allowed, so that finding them can be seen. */
  private static final double LEAST_SHARE = 0.025;

  private final long most;
  private final long rowCells;
  private double balance;

  /**
   * @param most cells, whatever the account says
   * @param rowCells how many retained cells slow a row by as much as a row takes; 0 for a bound
   *     that stays at the most
   */
  RetentionAccount(long most, long rowCells) {
    this.most = most;
    this.rowCells = rowCells;
    balance = rowCells * FIRST_SHARE;
  }

  /** How many cells may be retained now. */
  long bound() {
    return rowCells == 0 ? most : Math.min(most, (long) Math.max(balance, rowCells * LEAST_SHARE));
  }

  /** Rows need not be computed, because a retained sequence held their cells. */
  void saved(int rows) {
    balance = Math.min((double) most, balance + rows);
  }

  /** A step computed rows while so many cells were retained. */
  void stepped(int rows, long retainedCells) {
    if (rowCells > 0) {
      balance = Math.max(0, balance - (double) rows * retainedCells / rowCells);
    }
  }
}
