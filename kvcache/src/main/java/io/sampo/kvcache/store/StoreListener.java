package io.sampo.kvcache.store;

import io.sampo.kvcache.event.BlockEvent;
import java.util.List;

/** Hears what happens in a store, from a thread of the store's own, one call after another. */
public interface StoreListener {

  /**
   * Blocks came or went. Who is slow to return makes batches longer; who is too slow loses events,
   * which shows as a gap in their numbers.
   */
  void onEvents(List<BlockEvent> events);

  /** Something that an operator should know, once until it changes. One line. */
  void onTrouble(String trouble);
}
