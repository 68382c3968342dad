package io.sampo.kvcache.store;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one tier in the order in which they go. Pure; guarded by the store's lock.
 *
 * <p>The order is that of GreedyDual-Size-Frequency (Cherkasova, HP Labs 1998): a block's rank is
 * {@code L + cost / size * reuse}, taken when it is used; L is the highest rank that was evicted so
 * far. So a value ages by what else had to go since, without a clock, and blocks that cost the same
 * go in the order of their last use. Reuse counts by its logarithm, so that a block which was
 * wanted very often once is outlived in the end.
 *
 * <p>Only a block that may go is in the order: it has no follower in the tier, nobody uses it, it
 * is not pinned. When the last reason to stay ends, it takes its place by the rank of its last use.
 *
 * <p>Invariant: with each block the tier has the one before it.
 */
final class Shelf {

  private static final Comparator<Copy> ORDER =
      Comparator.<Copy>comparingDouble(copy -> copy.rank).thenComparingLong(copy -> copy.order);

  /** What one tenant has. */
  private static final class Account {
    long bytes;
    final TreeSet<Copy> idle = new TreeSet<>(ORDER);
  }

  private final Map<String, Account> accounts = new HashMap<>();
  private long bytes;
  private int blocks;
  private long uses;
  private double evictedRank;

  /** Books room for a block that is on its way. */
  void claim(String tenant, long claimed) {
    accounts.computeIfAbsent(tenant, _ -> new Account()).bytes += claimed;
    bytes += claimed;
  }

  /** Gives back room of a block that did not come or is gone. */
  void unclaim(String tenant, long claimed) {
    Account account = account(tenant);
    account.bytes -= claimed;
    bytes -= claimed;
    if (account.bytes == 0) {
      accounts.remove(tenant);
    }
  }

  /** A block has come, into room that was claimed; the one before it must be here. */
  void put(Copy copy) {
    Copy before = copy.before();
    if (copy.here || (before != null && !before.here)) {
      throw new IllegalStateException("a block may come once, and after the one before it");
    }
    copy.here = true;
    blocks++;
    if (before != null) {
      before.followers++;
      settle(before);
    }
    use(copy);
  }

  /** A block has gone; its room is claimed until {@link #unclaim}. */
  void remove(Copy copy) {
    if (!copy.here || copy.followers > 0) {
      throw new IllegalStateException("only the end of a chain can go");
    }
    copy.here = false;
    blocks--;
    settle(copy);
    Copy before = copy.before();
    if (before != null) {
      before.followers--;
      settle(before);
    }
  }

  /** Likewise, because of its low value. */
  void evict(Copy copy) {
    evictedRank = Math.max(evictedRank, copy.rank);
    remove(copy);
  }

  /** A block was used: it is worth keeping for longer. */
  void use(Copy copy) {
    leave(copy);
    copy.rank = evictedRank + copy.entry.worth();
    copy.order = ++uses;
    settle(copy);
  }

  /** Keeps a block from going. */
  void hold(Copy copy) {
    copy.users++;
    settle(copy);
  }

  /** Ends {@link #hold}. */
  void release(Copy copy) {
    copy.users--;
    settle(copy);
  }

  /** Puts a block in the order or takes it out, after something changed that decides about it. */
  void settle(Copy copy) {
    if (!copy.mayGo()) {
      leave(copy);
    } else if (!copy.idle) {
      copy.idle = true;
      account(copy.entry.tenant).idle.add(copy);
    }
  }

  private void leave(Copy copy) {
    if (copy.idle) {
      copy.idle = false;
      account(copy.entry.tenant).idle.remove(copy);
    }
  }

  private Account account(String tenant) {
    Account account = accounts.get(tenant);
    if (account == null) {
      throw new IllegalStateException("nothing is claimed for this tenant");
    }
    return account;
  }

  /** The block that goes next; null when none may. */
  @Nullable Copy next() {
    Copy least = null;
    for (Account account : accounts.values()) {
      if (!account.idle.isEmpty()) {
        Copy first = account.idle.first();
        least = least == null || ORDER.compare(first, least) < 0 ? first : least;
      }
    }
    return least;
  }

  /** The block of one tenant that goes next; null when none may. */
  @Nullable Copy next(String tenant) {
    Account account = accounts.get(tenant);
    return account == null || account.idle.isEmpty() ? null : account.idle.first();
  }

  /** Bytes that are claimed. */
  long bytes() {
    return bytes;
  }

  /** Bytes that are claimed for one tenant. */
  long bytes(String tenant) {
    Account account = accounts.get(tenant);
    return account == null ? 0 : account.bytes;
  }

  /** Blocks that are here. */
  int blocks() {
    return blocks;
  }
}
