package io.sampo.kvcache.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Chains that must not be evicted for a while, by name. Guarded by the store's lock.
 *
 * <p>Pins take a bounded part of HOST, for a store that is full of pins keeps nothing else. Where
 * there is no room for one more, those of lower priority give way, the lowest first; otherwise it
 * is refused.
 */
final class Pins {

  /** As many pins can be had. */
  static final int MAX_PINS = 1024;

  private record Pin(String name, List<Entry> entries, int priority, long until) {
    long bytes() {
      return entries.stream().mapToLong(entry -> entry.layout.blockBytes()).sum();
    }
  }

  private final Map<String, Pin> pins = new HashMap<>();
  private final long maxBytes;
  private final Consumer<Entry> changed;

  /**
   * @param maxBytes blocks of all pins together, counted for each pin
   * @param changed told of each block that became pinned or is not any more
   */
  Pins(long maxBytes, Consumer<Entry> changed) {
    this.maxBytes = maxBytes;
    this.changed = changed;
  }

  /** Pins blocks in place of what had this name; false when there is no room, and no pin then. */
  boolean add(String name, List<Entry> entries, int priority, long until) {
    remove(name);
    Pin pin = new Pin(name, List.copyOf(entries), priority, until);
    long higher =
        pins.values().stream().filter(one -> one.priority >= priority).mapToLong(Pin::bytes).sum();
    long higherPins = pins.values().stream().filter(one -> one.priority >= priority).count();
    if (higher + pin.bytes() > maxBytes || higherPins >= MAX_PINS) {
      return false;
    }
    while (bytes() + pin.bytes() > maxBytes || pins.size() >= MAX_PINS) {
      lowest().ifPresent(one -> remove(one.name));
    }
    pins.put(name, pin);
    for (Entry entry : pin.entries) {
      entry.pins++;
      changed.accept(entry);
    }
    return true;
  }

  private Optional<Pin> lowest() {
    return pins.values().stream()
        .min(Comparator.comparingInt(Pin::priority).thenComparingLong(Pin::until));
  }

  private long bytes() {
    return pins.values().stream().mapToLong(Pin::bytes).sum();
  }

  /** Whether there was one. */
  boolean remove(String name) {
    Pin pin = pins.remove(name);
    if (pin == null) {
      return false;
    }
    for (Entry entry : pin.entries) {
      entry.pins--;
      changed.accept(entry);
    }
    return true;
  }

  /** Ends the pins whose time has come. */
  void expire(long now) {
    List<String> over = new ArrayList<>();
    for (Pin pin : pins.values()) {
      if (pin.until <= now) {
        over.add(pin.name);
      }
    }
    over.forEach(this::remove);
  }

  void clear() {
    List.copyOf(pins.keySet()).forEach(this::remove);
  }

  int count() {
    return pins.size();
  }
}
