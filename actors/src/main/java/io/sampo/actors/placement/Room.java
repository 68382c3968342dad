package io.sampo.actors.placement;

import io.sampo.actors.placement.Desired.Seat;
import io.sampo.actors.placement.Seats.Living;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * How much memory is left for models on each engine node. On a node with a GPU that is the GPU's
 * without what is to be there; on others what is free now without what is on its way there. A node
 * that has not said takes anything, and so does a model of which nobody says what it needs.
 */
final class Room {

  private static final String UNITS = "KMGT";

  private final Map<String, Placement.NodeOffer> offers;
  private final Map<String, Long> taken = new HashMap<>();

  /**
   * @param offers what nodes have, by their names
   */
  Room(Map<String, Placement.NodeOffer> offers) {
    this.offers = offers;
  }

  /** A model is wanted on a node. */
  void take(String node, ModelSpec spec) {
    taken.merge(node, Math.max(0, spec.memoryBytes()), Long::sum);
  }

  /** The same where a replica has its place already; one that is loaded is in the free memory. */
  void take(Seat seat, ModelSpec spec, Living now) {
    Placement.NodeOffer offer = offers.get(seat.node());
    boolean counted =
        offer != null && offer.gpuBytes() == 0 && now.state() != Replica.State.LOADING;
    if (!counted) {
      take(seat.node(), spec);
    }
  }

  boolean fits(String node, ModelSpec spec) {
    long need = spec.memoryBytes();
    return need >= 0 && (need == 0 || !offers.containsKey(node) || need <= left(node));
  }

  private long left(String node) {
    Placement.NodeOffer offer = offers.get(node);
    if (offer == null) {
      return Long.MAX_VALUE;
    }
    long all = offer.gpuBytes() > 0 ? offer.gpuBytes() : offer.freeBytes();
    return Math.max(0, all - taken.getOrDefault(node, 0L));
  }

  /**
   * Why a model has to wait, for people.
   *
   * @param nodes that could have it if they had room; at least one
   */
  String lacking(ModelSpec spec, Set<String> nodes) {
    String most =
        nodes.stream().max((one, other) -> Long.compare(left(one), left(other))).orElseThrow();
    return "waits for room: needs "
        + text(spec.memoryBytes())
        + ", most free is "
        + text(left(most))
        + " on "
        + Desired.place(most);
  }

  private static String text(long bytes) {
    double scaled = bytes;
    int unit = -1;
    while (scaled >= 1024 && unit < UNITS.length() - 1) {
      scaled /= 1024;
      unit++;
    }
    return unit < 0
        ? bytes + " B"
        : "%.1f %ciB".formatted(Math.round(scaled * 10) / 10.0, UNITS.charAt(unit));
  }
}
