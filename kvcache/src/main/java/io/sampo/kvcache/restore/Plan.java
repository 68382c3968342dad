package io.sampo.kvcache.restore;

import java.time.Duration;
import java.util.List;

/**
 * What to restore, and from where; the rest is to be computed.
 *
 * @param legs one after the other, without a gap; none for nothing
 * @param limit how long all of it may take before computing would have been better for certain
 */
public record Plan(List<Leg> legs, Duration limit) {

  /** Restores nothing. */
  static final Plan NOTHING = new Plan(List.of(), Duration.ZERO);

  /**
   * A run of blocks of one source.
   *
   * @param first the first block, from 0
   * @param end the block after the last one
   */
  public record Leg(Source source, int first, int end) {}

  public Plan {
    legs = List.copyOf(legs);
  }

  public boolean isEmpty() {
    return legs.isEmpty();
  }
}
