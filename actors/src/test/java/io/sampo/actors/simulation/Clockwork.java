package io.sampo.actors.simulation;

import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * Time, chance and a network, all from one seed. A link loses some messages, delays each, and never
 * changes their order, as Artery does.
 */
final class Clockwork {

  private record Event(long nanos, long number, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(nanos, other.nanos);
      return byTime == 0 ? Long.compare(number, other.number) : byTime;
    }
  }

  static final long MILLI = 1_000_000;
  static final long SECOND = 1000 * MILLI;

  private static final int MOST_DELAY_MICROS = 20_000;

  private final Random random;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final Map<String, Long> links = new HashMap<>();
  private double loss;
  private long now = SECOND;
  private long number;

  Clockwork(long seed) {
    random = new Random(seed);
  }

  long now() {
    return now;
  }

  Random random() {
    return random;
  }

  /** From now on links lose this part of their messages. */
  void lose(double part) {
    loss = part;
  }

  void after(long nanos, Runnable action) {
    events.add(new Event(now + nanos, number++, action));
  }

  /** Sends what may be lost. */
  void send(String from, String to, Runnable delivery) {
    if (random.nextDouble() < loss) {
      return;
    }
    String link = from + ">" + to;
    long due = now + random.nextInt(MOST_DELAY_MICROS) * 1000L;
    long ordered = Math.max(due, links.getOrDefault(link, 0L) + 1);
    links.put(link, ordered);
    events.add(new Event(ordered, number++, delivery));
  }

  /** Lets everything happen that is due until then. */
  void run(long untilNanos, Runnable afterEach) {
    while (!events.isEmpty() && events.peek().nanos <= untilNanos) {
      Event next = events.poll();
      now = next.nanos;
      next.action.run();
      afterEach.run();
    }
    now = untilNanos;
  }
}
