package io.sampo.ops.admin;

import io.sampo.ops.admin.AdminApi.EventView;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * What happened on a node and what it saw of others, in order. Whoever follows asks for what came
 * after the last number it knows.
 *
 * <p>Invariant: numbers grow by one; no more events are kept than the bound.
 */
public final class EventLog {

  private static final int BOUND = 1024;

  private final String node;
  private final Deque<EventView> events = new ArrayDeque<>();
  private final List<Consumer<EventView>> listeners = new CopyOnWriteArrayList<>();
  private long sequence;

  /**
   * @param node whose events they are
   */
  public EventLog(String node) {
    this.node = node;
  }

  /** Also tells each new event to this one, on the thread that adds it. */
  public void listen(Consumer<EventView> listener) {
    listeners.add(listener);
  }

  public void add(String kind, String subject, String text) {
    EventView event;
    synchronized (this) {
      event = new EventView(node, ++sequence, System.currentTimeMillis(), kind, subject, text);
      events.add(event);
      if (events.size() > BOUND) {
        events.remove();
      }
    }
    listeners.forEach(listener -> listener.accept(event));
  }

  /**
   * Events after this number, the latest where there are more than wanted.
   *
   * @param after 0 for all that are kept
   */
  public synchronized List<EventView> after(long after, int most) {
    List<EventView> found = new ArrayList<>();
    for (EventView event : events) {
      if (event.sequence() > after) {
        found.add(event);
      }
    }
    return found.subList(Math.max(0, found.size() - most), found.size());
  }
}
