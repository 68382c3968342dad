package io.sampo.kvcache.store;

import io.sampo.kvcache.event.Tier;
import org.jspecify.annotations.Nullable;

/**
 * A block in one tier: whether it is there, and what keeps it there. Guarded by the store's lock.
 */
final class Copy {

  final Entry entry;
  final Tier tier;

  /** What it takes of the tier's budget. */
  final long bytes;

  /** Whether the tier has it. */
  boolean here;

  /** How many blocks in the tier follow it directly. */
  int followers;

  /** How many readers, writers or fillers need it to stay. */
  int users;

  /** Its value; what has least goes first. Changes only while it is not {@link #idle}. */
  double rank;

  /** When it was used last, as a count; decides between equal ranks. */
  long order;

  /** Whether it stands among those that may be evicted. */
  boolean idle;

  Copy(Entry entry, Tier tier, long bytes) {
    this.entry = entry;
    this.tier = tier;
    this.bytes = bytes;
  }

  /** The block before it in the same tier. */
  @Nullable Copy before() {
    Entry parent = entry.parent;
    return parent == null ? null : parent.in(tier);
  }

  boolean mayGo() {
    return here && followers == 0 && users == 0 && entry.pins == 0;
  }
}
