package io.sampo.actors.placement;

import io.sampo.actors.placement.Desired.Kind;
import io.sampo.actors.placement.Desired.Seat;
import io.sampo.actors.placement.Desired.Target;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which replica lives on which engine node, and so where a model's replicas should be: those that
 * live stay, and one more goes to each node that has none of it, up to the wanted number.
 *
 * <p>Invariant: a replica that lives keeps its number and its node whoever comes or leaves. A
 * number that was used on a node is used there again, because the cluster remembers it there.
 */
final class Seats {

  /**
   * A replica as it last told.
   *
   * @param running sequences that hold a place
   */
  record Living(String node, Replica.State state, int running) {

    boolean idle() {
      return state != Replica.State.READY && running == 0;
    }
  }

  private static final Living UNHEARD = new Living("", Replica.State.LOADING, 0);

  private static final String UNREAD = "waits until a gateway has read the model";

  private final Set<ModelId> configured;
  private final Map<ReplicaId, Living> living = new HashMap<>();
  private final Set<String> nodes = new TreeSet<>();
  private final Map<String, Placement.NodeOffer> offers = new HashMap<>();
  private final Map<ModelId, String> waiting = new HashMap<>();

  /**
   * @param configured models that go on a node whether or not they have room there
   */
  Seats(Set<ModelId> configured) {
    this.configured = configured;
  }

  /** These are the engine nodes now. */
  void nodes(Set<String> present) {
    nodes.clear();
    nodes.addAll(present);
    living.values().removeIf(one -> !nodes.contains(one.node()));
    offers.keySet().retainAll(nodes);
  }

  /** A node has told what it has. */
  void offered(Placement.NodeOffer offer) {
    if (nodes.contains(offer.node())) {
      offers.put(offer.node(), offer);
    }
  }

  List<Placement.NodeOffer> offers() {
    return offers.values().stream()
        .sorted(Comparator.comparing(Placement.NodeOffer::node))
        .toList();
  }

  /** Why models have fewer replicas than wanted since the last plan. */
  Map<ModelId, String> waiting() {
    return Map.copyOf(waiting);
  }

  /** A replica has told how it is; true where that is something new. */
  boolean seen(ReplicaId replica, Living now) {
    if (now.state() == Replica.State.LEAVING) {
      return living.remove(replica) != null;
    } else if (!nodes.contains(now.node())) {
      return false;
    }
    Living before = living.put(replica, now);
    return before == null
        || before.state() != now.state()
        || !before.node().equals(now.node())
        || before.idle() != now.idle();
  }

  Map<ReplicaId, Living> living() {
    return Map.copyOf(living);
  }

  /** Of a model: those that live, and those that are to. */
  List<ReplicaId> replicas(ModelId model, Desired desired) {
    Set<ReplicaId> all = new HashSet<>(living.keySet());
    desired.seats().stream().filter(Seat::wanted).map(Seat::replica).forEach(all::add);
    return all.stream()
        .filter(replica -> replica.model().equals(model))
        .sorted(Comparator.comparingInt(ReplicaId::ordinal))
        .toList();
  }

  /** Where replicas are and are to be, now. */
  List<Seat> plan(Desired desired) {
    Map<ReplicaId, Seat> homes = new LinkedHashMap<>();
    desired.seats().stream()
        .filter(seat -> nodes.contains(seat.node()))
        .forEach(seat -> homes.put(seat.replica(), seat));
    living.forEach(
        (replica, one) -> {
          Seat known = homes.get(replica);
          if (known == null || !known.node().equals(one.node())) {
            homes.put(replica, new Seat(replica, one.node(), true));
          }
        });
    Map<String, Integer> load = new HashMap<>();
    Room room = new Room(offers);
    waiting.clear();
    for (Seat seat : homes.values()) {
      ModelSpec spec = desired.model(seat.replica().model());
      if (seat.wanted() && spec != null) {
        Living one = living.get(seat.replica());
        room.take(seat, spec, one == null ? UNHEARD : one);
      }
    }
    List<Seat> planned = new ArrayList<>();
    for (ModelSpec spec : desired.models()) {
      planned.addAll(plan(spec, desired, homes, load, room));
    }
    homes.values().stream()
        .filter(seat -> desired.model(seat.replica().model()) == null)
        .forEach(seat -> planned.add(new Seat(seat.replica(), seat.node(), false)));
    return planned;
  }

  private List<Seat> plan(
      ModelSpec spec,
      Desired desired,
      Map<ReplicaId, Seat> homes,
      Map<String, Integer> load,
      Room room) {
    List<Seat> own =
        homes.values().stream().filter(seat -> seat.replica().model().equals(spec.id())).toList();
    Set<String> usable = new TreeSet<>(nodes);
    usable.removeIf(node -> desired.drains(new Target(Kind.NODE, node)) != null);
    own.stream()
        .filter(Seat::wanted)
        .filter(seat -> desired.drained(seat.replica(), seat.node()) != null)
        .forEach(seat -> usable.remove(seat.node()));
    int count = count(spec, desired, usable.size());
    List<Seat> planned = new ArrayList<>();
    List<Seat> inUse = new ArrayList<>();
    for (Seat seat : own) {
      boolean here = usable.contains(seat.node());
      (here && seat.wanted() ? inUse : planned).add(seat);
    }
    inUse.sort(Comparator.comparingInt(this::worth).reversed().thenComparingInt(Seats::ordinal));
    for (Seat seat : inUse) {
      boolean kept = count > 0 && usable.remove(seat.node());
      count -= kept ? 1 : 0;
      planned.add(new Seat(seat.replica(), seat.node(), kept));
      if (kept) {
        load.merge(seat.node(), 1, Integer::sum);
      }
    }
    for (; count > 0; count--) {
      Optional<String> fitting = emptiest(usable, load, spec, room);
      if (fitting.isEmpty()) {
        waiting.put(spec.id(), spec.memoryBytes() < 0 ? UNREAD : room.lacking(spec, usable));
        break;
      }
      String node = fitting.get();
      usable.remove(node);
      room.take(node, spec);
      load.merge(node, 1, Integer::sum);
      ReplicaId replica = number(spec.id(), node, planned);
      planned.removeIf(seat -> seat.replica().equals(replica));
      planned.add(new Seat(replica, node, true));
    }
    planned.sort(Comparator.comparingInt(Seats::ordinal));
    return planned;
  }

  /** A model that is drained gets no more of them. */
  private static int count(ModelSpec spec, Desired desired, int usable) {
    if (desired.drains(new Target(Kind.MODEL, spec.id().name())) != null) {
      return 0;
    }
    return spec.replicas() == 0 ? usable : Math.min(spec.replicas(), usable);
  }

  /** Of two that live the one that works stays. */
  private int worth(Seat seat) {
    Living one = living.get(seat.replica());
    return one == null ? -1 : one.running();
  }

  private static int ordinal(Seat seat) {
    return seat.replica().ordinal();
  }

  private Optional<String> emptiest(
      Set<String> usable, Map<String, Integer> load, ModelSpec spec, Room room) {
    return usable.stream()
        .filter(node -> configured.contains(spec.id()) || room.fits(node, spec))
        .min(Comparator.comparingInt((String node) -> load.getOrDefault(node, 0)));
  }

  private static ReplicaId number(ModelId model, String node, List<Seat> taken) {
    Set<Integer> ordinals = new HashSet<>();
    for (Seat seat : taken) {
      if (!seat.wanted() && seat.node().equals(node)) {
        return seat.replica();
      }
      ordinals.add(ordinal(seat));
    }
    int next = 0;
    while (ordinals.contains(next)) {
      next++;
    }
    return new ReplicaId(model, next);
  }
}
