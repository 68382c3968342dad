package io.sampo.actors.generation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.spi.Grammar;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Requests that engines died of, by what an engine is given of them. One whose replica was lost
 * while it got no further is a suspect; when it was there a second time it is in quarantine for a
 * while, on every gateway. A request beside it that got further is none. Safe for many threads.
 *
 * <p>Invariant: at most so many are remembered; the oldest are forgotten first.
 */
public final class Suspects {

  private static final int BOUND = 1000;

  /** A lost replica that ends a request's attempts. */
  private static final int DEATHS = 2;

  private record Case(int deaths, long nanos) {}

  private final Duration limit;
  private final LongSupplier clock;
  private final LongConsumer told;
  private final Map<Long, Case> cases = new LinkedHashMap<>();

  /**
   * @param limit how long a suspicion and a quarantine last; zero has none
   * @param clock as {@link System#nanoTime}
   * @param told hears of each request that comes into quarantine here
   */
  public Suspects(Duration limit, LongSupplier clock, LongConsumer told) {
    this.limit = limit;
    this.clock = clock;
    this.told = told;
  }

  /** What is the same of two requests that an engine cannot tell apart. */
  static long fingerprint(int[] promptIds, @Nullable String adapter, @Nullable Grammar grammar) {
    long hash = 0xcbf29ce484222325L;
    for (int id : promptIds) {
      hash = (hash ^ id) * 0x100000001b3L;
    }
    String rest = adapter + "\0" + (grammar == null ? "" : grammar.text());
    for (byte b : rest.getBytes(UTF_8)) {
      hash = (hash ^ b) * 0x100000001b3L;
    }
    return hash;
  }

  /** A replica was lost while this got no further; true when that was once too often. */
  boolean lost(long fingerprint) {
    if (limit.isZero()) {
      return false;
    }
    int deaths = count(fingerprint);
    if (deaths == DEATHS) {
      told.accept(fingerprint);
    }
    return deaths >= DEATHS;
  }

  private synchronized int count(long fingerprint) {
    Case known = current(fingerprint);
    int deaths = known == null ? 1 : known.deaths + 1;
    put(fingerprint, deaths);
    return deaths;
  }

  /** Another gateway has it in quarantine. */
  public synchronized void condemn(long fingerprint) {
    put(fingerprint, DEATHS);
  }

  synchronized boolean quarantined(long fingerprint) {
    Case known = current(fingerprint);
    return known != null && known.deaths >= DEATHS;
  }

  private @Nullable Case current(long fingerprint) {
    Case known = cases.get(fingerprint);
    return known != null && clock.getAsLong() - known.nanos > limit.toNanos() ? null : known;
  }

  private void put(long fingerprint, int deaths) {
    cases.remove(fingerprint);
    cases.put(fingerprint, new Case(deaths, clock.getAsLong()));
    Iterator<Long> oldest = cases.keySet().iterator();
    while (cases.size() > BOUND && oldest.hasNext()) {
      oldest.next();
      oldest.remove();
    }
  }
}
