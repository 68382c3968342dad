package io.sampo.kvcache.restore;

import io.sampo.kvcache.restore.Plan.Leg;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;

/**
 * Decides for one engine what is restored and what is computed, and learns from what comes of it.
 * Without a clock; safe for use by many threads.
 *
 * <p>Every source has a text's beginning up to some block, so the ends of the offers cut the text
 * into pieces. Of each piece's sources the one that costs least takes it; one that is used already
 * costs its fixed time no more. The plan ends after the piece where most is saved in all: what
 * computing all blocks up to there takes, less what bringing them takes. A source that was never
 * tried is hoped to take no time, so it is tried; one that is not worth its time is tried again
 * after a while, more and more seldom as long as it disappoints. While it is not known what
 * computing takes, everything is restored.
 */
public final class BreakEven {

  /** However short computing is, what has begun may take so long. */
  private static final double LEAST_LIMIT_MILLIS = 50;

  private final int sources;
  private final Duration longest;
  private final SequencedMap<Source, TrackRecord> records = new LinkedHashMap<>(16, 0.75f, true);
  private RestoreStats stats = RestoreStats.NONE;

  /**
   * @param sources of how many it remembers how fast they are; those used longest ago are forgotten
   * @param longest how long a restore may take at most
   */
  public BreakEven(int sources, Duration longest) {
    this.sources = sources;
    this.longest = longest;
  }

  private TrackRecord of(Source source) {
    TrackRecord record = records.computeIfAbsent(source, _ -> new TrackRecord());
    if (records.size() > sources) {
      records.pollFirstEntry();
    }
    return record;
  }

  /** Plans for one sequence. */
  public synchronized Plan plan(Need need, List<Offer> offers) {
    List<Leg> legs = new ArrayList<>();
    List<Leg> best = List.of();
    Set<Source> used = new HashSet<>();
    double saved = 0;
    double most = 0;
    int at = need.held();
    for (int end = nextEnd(at, need, offers); end > at; end = nextEnd(at, need, offers)) {
      double bytes = (double) (end - at) * need.blockBytes();
      Offer least = least(offers, end, bytes, used);
      saved += (end - at) * computing(need) - cost(least, bytes, used);
      used.add(least.source());
      add(legs, new Leg(least.source(), at, end));
      at = end;
      if (saved > most) {
        most = saved;
        best = List.copyOf(legs);
      }
    }
    int planned = best.isEmpty() ? need.held() : best.getLast().end();
    noteRefused(offers, best, planned);
    if (planned < at) {
      stats = stats.plus(new RestoreStats(0, 0, 0, 0, 0, 0, 1));
    }
    return best.isEmpty() ? Plan.NOTHING : new Plan(best, limit(need, planned));
  }

  /** Where the next piece of the text ends; not after its beginning where there is none. */
  private static int nextEnd(int at, Need need, List<Offer> offers) {
    return offers.stream()
        .mapToInt(offer -> Math.min(offer.blocks(), need.blocks()))
        .filter(end -> end > at)
        .min()
        .orElse(at);
  }

  private Offer least(List<Offer> offers, int end, double bytes, Set<Source> used) {
    Offer least = null;
    for (Offer offer : offers) {
      boolean has = offer.blocks() >= end;
      if (has && (least == null || cost(offer, bytes, used) < cost(least, bytes, used))) {
        least = offer;
      }
    }
    if (least == null) {
      throw new IllegalStateException("a piece that nobody offers");
    }
    return least;
  }

  private double cost(Offer offer, double bytes, Set<Source> used) {
    Speed told = offer.speed();
    Speed speed = told == null ? of(offer.source()).speed() : told;
    return used.contains(offer.source()) ? speed.millisPerByte() * bytes : speed.millis(bytes);
  }

  /** Where nothing is known yet, restoring a block is worth any time it is likely to take. */
  private static double computing(Need need) {
    return need.blockMillis() == 0 ? 1e9 : need.blockMillis();
  }

  private static void add(List<Leg> legs, Leg next) {
    Leg before = legs.isEmpty() ? null : legs.getLast();
    if (before != null && before.source().equals(next.source())) {
      legs.set(legs.size() - 1, new Leg(next.source(), before.first(), next.end()));
    } else {
      legs.add(next);
    }
  }

  private void noteRefused(List<Offer> offers, List<Leg> legs, int planned) {
    for (Offer offer : offers) {
      boolean taken = legs.stream().anyMatch(leg -> leg.source().equals(offer.source()));
      if (!taken && offer.blocks() > planned) {
        of(offer.source()).refused();
      }
    }
  }

  private Duration limit(Need need, int planned) {
    double millis = Math.max(LEAST_LIMIT_MILLIS, (planned - need.held()) * need.blockMillis());
    boolean known = need.blockMillis() > 0 && millis < longest.toMillis();
    return known ? Duration.ofMillis((long) millis) : longest;
  }

  /**
   * A source has brought bytes into the engine, which held none of them.
   *
   * @param bytes 0 where it failed
   * @param millis what that took
   */
  public synchronized void brought(Source source, long bytes, double millis) {
    of(source).observe((double) bytes, millis);
  }

  /**
   * A restore has ended.
   *
   * @param need what it was for
   * @param blocks how many the engine holds that it would have had to compute
   * @param millis by how much later its sequence begins
   * @param by where they came from, or should have
   */
  public synchronized void settle(Need need, int blocks, double millis, Set<Source> by) {
    if (need.blockMillis() == 0) {
      stats = stats.plus(new RestoreStats(1, blocks, 0, 0, 0, 0, 0));
      return;
    }
    double gained = blocks * need.blockMillis() - millis;
    stats =
        stats.plus(
            gained > 0
                ? new RestoreStats(1, blocks, 1, gained, 0, 0, 0)
                : new RestoreStats(1, blocks, 0, 0, 1, -gained, 0));
    if (gained > 0) {
      by.forEach(source -> of(source).won());
    }
  }

  /** What to expect of a source; no time where it was not tried or is to be tried again. */
  synchronized Speed speed(Source source) {
    return of(source).speed();
  }

  /** How fast blocks of a source came of late, for people and for routers; 0 where none did. */
  public synchronized double bytesPerSecond(Source source) {
    return of(source).bytesPerSecond();
  }

  /** Figures of this moment. */
  public synchronized RestoreStats stats() {
    return stats;
  }
}
