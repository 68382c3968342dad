package io.sampo.kvcache.store;

import io.sampo.kvcache.event.BlockEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Tells the listener, from a thread of its own, what the catalog's feed has. */
final class Announcer implements AutoCloseable {

  /** Lets a few blocks come together before they are told. */
  private static final Duration PAUSE = Duration.ofMillis(5);

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Catalog catalog;
  private final StoreListener listener;
  private final Thread thread;
  private List<String> troubles = new ArrayList<>();
  private boolean closed;

  Announcer(Catalog catalog, StoreListener listener) {
    this.catalog = catalog;
    this.listener = listener;
    thread = Thread.ofVirtual().name("kv-store-announcer").start(this::run);
  }

  /** Under the catalog's lock. */
  void trouble(String trouble) {
    troubles.add(trouble);
    catalog.told().signal();
  }

  private void run() {
    try {
      while (await()) {
        Thread.sleep(PAUSE);
        announce();
      }
    } catch (InterruptedException closing) {
      // Nobody but close() interrupts it, after its patience.
      Thread.currentThread().interrupt();
    }
  }

  /** False when there is nothing left and nothing will come. */
  private boolean await() throws InterruptedException {
    catalog.lock();
    try {
      while (catalog.feed.isEmpty() && troubles.isEmpty()) {
        if (closed) {
          return false;
        }
        catalog.told().await();
      }
      return true;
    } finally {
      catalog.unlock();
    }
  }

  private void announce() {
    List<BlockEvent> events;
    List<String> news;
    catalog.lock();
    try {
      events = catalog.feed.take();
      news = troubles;
      troubles = new ArrayList<>();
    } finally {
      catalog.unlock();
    }
    news.forEach(listener::onTrouble);
    if (!events.isEmpty()) {
      listener.onEvents(events);
    }
  }

  /** Tells what there is, if the listener is not too slow. */
  @Override
  public void close() {
    catalog.lock();
    closed = true;
    catalog.told().signal();
    catalog.unlock();
    Threads.end(thread, PATIENCE);
  }
}
