package io.sampo.kvcache.index;

import io.sampo.kvcache.event.AllBlocksCleared;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.event.BlockRemoved;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.BlockStored;
import io.sampo.kvcache.event.EventReader;

/**
 * One holder of a {@link PrefixIndex}, kept up to date by its events and snapshots, each once and
 * in order. Part of the index's writer.
 */
public final class HolderFeed {

  private final PrefixIndex index;
  private final EventReader reader;
  private final int holder;

  /**
   * Adds a holder to the index.
   *
   * @param maxKept how many events may wait for a snapshot
   * @throws IllegalStateException when the index has as many holders as it may
   */
  public HolderFeed(PrefixIndex index, int maxKept) {
    this.index = index;
    reader = new EventReader(maxKept);
    holder = index.addHolder();
  }

  /** The holder's number in the index. */
  public int holder() {
    return holder;
  }

  /** Takes an event. Returns whether the holder must now be asked for a snapshot. */
  public boolean take(BlockEvent event) {
    switch (reader.read(event)) {
      case FIRST -> {
        index.clear(holder);
        apply(event);
      }
      case NEXT -> apply(event);
      case GAP -> {
        return true;
      }
      case OLD, KEPT -> {}
    }
    return false;
  }

  /** Takes a snapshot. Returns whether the holder must be asked for another one. */
  public boolean take(BlockSnapshot snapshot) {
    if (!reader.accepts(snapshot)) {
      return reader.waiting();
    }
    index.replace(holder, snapshot);
    boolean ask = false;
    for (BlockEvent event : reader.takeKept()) {
      ask |= take(event);
    }
    return ask;
  }

  /** Whether a snapshot is wanted; after a while without one it has to be asked for again. */
  public boolean waiting() {
    return reader.waiting();
  }

  /** The holder is lost: the index forgets it and all its blocks. */
  public void withdraw() {
    index.removeHolder(holder);
  }

  private void apply(BlockEvent event) {
    switch (event) {
      case BlockStored stored ->
          index.stored(holder, stored.tier(), stored.hashes(), stored.closed());
      case BlockRemoved removed ->
          index.removed(holder, removed.tier(), removed.hashes(), removed.closed());
      case AllBlocksCleared _ -> index.clear(holder);
    }
  }
}
