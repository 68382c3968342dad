package io.sampo.actors.placement;

import io.sampo.actors.placement.Desired.Drained;
import io.sampo.actors.placement.Desired.Kind;
import io.sampo.actors.placement.Desired.Operation;
import io.sampo.actors.placement.Desired.Progress;
import io.sampo.actors.placement.Desired.Seat;
import io.sampo.actors.placement.Desired.Target;
import io.sampo.actors.placement.Desired.Verb;
import io.sampo.actors.placement.Seats.Living;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The desired state, what is known of the cluster, and so what is left to be done. It has no clock
 * of its own and sends nothing.
 */
final class Wishes {

  /** Of people's orders that hold at the same time; one more is refused. */
  private static final int MOST_DRAINS = 256;

  private static final int MOST_REPLICAS = 1000;
  private static final int MOST_MODELS = 64;

  /**
   * What comes of an order.
   *
   * @param lines what was done, or would be
   * @param operation the id of what is under way now; empty where nothing is
   * @param refusal why nothing was done, or null
   */
  record Outcome(List<String> lines, String operation, @Nullable String refusal) {

    static Outcome refused(String why) {
      return new Outcome(List.of(), "", why);
    }
  }

  private static final Comparator<ReplicaId> BY_NAME =
      Comparator.comparing((ReplicaId id) -> id.model().name())
          .thenComparingInt(ReplicaId::ordinal);

  private final LongSupplier clock;
  private final Set<ModelId> configured;
  private final Seats seats;
  private final Set<String> members = new TreeSet<>();
  private final Map<ModelId, String> troubles = new HashMap<>();
  private Desired desired;

  /**
   * @param configured models that go on a node whether or not they have room there
   * @param clock milliseconds since 1970
   */
  Wishes(Desired first, Set<ModelId> configured, LongSupplier clock) {
    this.desired = first;
    this.configured = Set.copyOf(configured);
    this.seats = new Seats(this.configured);
    this.clock = clock;
  }

  Desired desired() {
    return desired;
  }

  /** These nodes are in the cluster now, and of them these run engines. */
  void nodes(Set<String> engines, Set<String> all) {
    seats.nodes(engines);
    members.clear();
    members.addAll(all);
  }

  /** A replica has told how it is; true where that is something new. */
  boolean seen(ReplicaId replica, Living now) {
    return seats.seen(replica, now);
  }

  /** Of a model: those that live, and those that are to. */
  List<ReplicaId> replicas(ModelId model) {
    return seats.replicas(model, desired);
  }

  @Nullable ModelSpec model(ModelId id) {
    return desired.model(id);
  }

  /** A node has told what it has. */
  void offered(Placement.NodeOffer offer) {
    seats.offered(offer);
  }

  List<Placement.NodeOffer> offers() {
    return seats.offers();
  }

  /** Why models have fewer replicas than wanted. */
  Map<ModelId, String> waiting() {
    Map<ModelId, String> all = new HashMap<>(seats.waiting());
    all.putAll(troubles);
    return all;
  }

  /**
   * A gateway has read a model's file.
   *
   * @param bytes what it needs
   * @param trouble why it cannot be had; null where it can
   */
  void sized(ModelId model, long bytes, @Nullable String trouble) {
    ModelSpec spec = desired.model(model);
    boolean asked = spec != null && spec.memoryBytes() < 0;
    if (spec != null && (asked || (configured.contains(model) && spec.memoryBytes() != bytes))) {
      if (trouble != null) {
        troubles.put(model, trouble);
      } else {
        troubles.remove(model);
        want(spec.withMemory(Math.max(0, bytes)));
      }
    }
  }

  /** A model is wanted in another way. */
  void want(ModelSpec spec) {
    List<ModelSpec> models = new ArrayList<>(desired.models());
    models.replaceAll(one -> one.id().equals(spec.id()) ? spec : one);
    desired = desired.next(models, desired.drains(), desired.seats(), desired.operations());
  }

  /** Follows what has come, gone and come to its end. */
  void settle() {
    Desired before = desired;
    List<Drained> drains =
        before.drains().stream()
            .filter(one -> one.target().kind() != Kind.NODE || present(one.target().name()))
            .toList();
    desired = before.replacing(drains, before.seats(), before.operations());
    desired = before.replacing(drains, seats.plan(desired), before.operations());
    List<Operation> operations = new ArrayList<>(before.operations());
    operations.replaceAll(
        one ->
            one.progress() == Progress.RUNNING && left(one).isEmpty()
                ? one.ended(Progress.DONE, clock.getAsLong())
                : one);
    Desired after = before.replacing(drains, desired.seats(), operations);
    desired = after.equals(before) ? before : with(drains, desired.seats(), operations);
  }

  private Desired with(List<Drained> drains, List<Seat> places, List<Operation> operations) {
    return desired.next(desired.models(), drains, places, operations);
  }

  private boolean present(String node) {
    return members.contains(node);
  }

  /** What is to be told to replicas now. */
  Map<ReplicaId, List<Replica.Command>> orders(long graceMillis) {
    Map<ReplicaId, List<Replica.Command>> orders = new TreeMap<>(BY_NAME);
    Map<ReplicaId, Living> living = seats.living();
    for (Seat seat : desired.seats()) {
      List<Replica.Command> told = orders(seat, living.get(seat.replica()), graceMillis);
      if (!told.isEmpty()) {
        orders.put(seat.replica(), told);
      }
    }
    return orders;
  }

  private List<Replica.Command> orders(Seat seat, @Nullable Living one, long graceMillis) {
    List<Replica.Command> told = new ArrayList<>();
    ModelSpec spec = desired.model(seat.replica().model());
    Drained drained = desired.drained(seat.replica(), seat.node());
    boolean leaves = desired.drains(new Target(Kind.NODE, seat.node())) != null;
    if (seat.wanted() && spec != null) {
      if (!leaves) {
        told.add(new Replica.Load(spec));
      }
      if (drained != null) {
        if (!drained.byItself() && (one != null || !leaves)) {
          told.add(new Replica.Drain(drained.graceMillis()));
        }
      } else if (one != null && one.state() == Replica.State.DRAINING) {
        told.add(new Replica.Undrain());
      }
    } else if (one != null) {
      told.add(new Replica.Drain(graceMillis));
      if (one.idle()) {
        told.add(new Replica.Unload());
      }
    }
    return told;
  }

  /** Wants something drained. */
  Outcome drain(Target asked, long graceMillis, boolean dryRun) {
    Target target = found(asked);
    if (target == null) {
      return Outcome.refused(unknown(asked));
    }
    if (desired.drains().size() >= MOST_DRAINS) {
      return Outcome.refused("so many drains are in force already; take one back first");
    }
    Drained before = desired.drains(target);
    if (before != null && before.byItself()) {
      return Outcome.refused(target + " is being stopped already");
    }
    List<String> lines = new ArrayList<>();
    lines.add((dryRun ? "would drain " : "drains ") + target + within(graceMillis));
    affected(target)
        .forEach((replica, one) -> lines.add(replica + " on " + told(one) + later(target)));
    if (dryRun) {
      return new Outcome(lines, "", null);
    }
    String id = before == null ? id(Verb.DRAIN) : before.operation();
    put(new Drained(target, graceMillis, false, id), Verb.DRAIN);
    return new Outcome(lines, id, null);
  }

  private static String within(long graceMillis) {
    return "; what runs there has " + graceMillis / 1000 + " s and then goes on elsewhere";
  }

  private static String later(Target target) {
    return target.kind() == Kind.NODE ? "; then the node leaves" : "";
  }

  private static String told(Living one) {
    return Desired.place(one.node()) + " runs " + sequences(one.running());
  }

  private static String sequences(int count) {
    return count == 1 ? "1 sequence" : count + " sequences";
  }

  /** A node is being stopped. */
  void leaves(String node) {
    Target target = new Target(Kind.NODE, node);
    Drained before = desired.drains(target);
    if (present(node) && (before == null || !before.byItself())) {
      String id = before == null ? id(Verb.STOP) : before.operation();
      put(new Drained(target, 0, true, id), Verb.STOP);
    }
  }

  private String id(Verb verb) {
    return verb.word() + "-" + (desired.revision() + 1);
  }

  private void put(Drained drained, Verb verb) {
    List<Drained> drains = new ArrayList<>(desired.drains());
    drains.removeIf(one -> one.target().equals(drained.target()));
    drains.add(drained);
    desired = with(drains, desired.seats(), begun(drained.operation(), verb, drained.target(), ""));
  }

  private List<Operation> begun(String id, Verb verb, Target target, String detail) {
    List<Operation> operations = new ArrayList<>(desired.operations());
    if (operations.stream().noneMatch(one -> one.id().equals(id))) {
      operations.add(
          new Operation(id, verb, target, detail, Progress.RUNNING, clock.getAsLong(), 0));
    }
    while (operations.size() > Desired.MOST_OPERATIONS) {
      operations.removeFirst();
    }
    return operations;
  }

  /** Takes a drain back. */
  Outcome undrain(Target asked, boolean dryRun) {
    Target target = found(asked);
    Drained drained = target == null ? null : desired.drains(target);
    if (drained == null) {
      return Outcome.refused(target == null ? unknown(asked) : target + " is not drained");
    } else if (drained.byItself()) {
      return Outcome.refused(target + " is being stopped; that cannot be taken back");
    } else if (dryRun) {
      return new Outcome(List.of("would take " + target + " back"), "", null);
    }
    List<Drained> drains = new ArrayList<>(desired.drains());
    drains.remove(drained);
    List<Operation> operations = new ArrayList<>(desired.operations());
    operations.replaceAll(
        one ->
            one.id().equals(drained.operation()) && one.progress() == Progress.RUNNING
                ? one.ended(Progress.TAKEN_BACK, clock.getAsLong())
                : one);
    desired = with(drains, desired.seats(), operations);
    return new Outcome(List.of("took " + target + " back"), "", null);
  }

  /**
   * Wants another number of replicas of a model; those too many are drained first.
   *
   * @param count 0 for one on each engine node
   */
  Outcome scale(ModelId model, int count, boolean dryRun) {
    Target target = new Target(Kind.MODEL, model.name());
    ModelSpec spec = desired.model(model);
    if (spec == null) {
      return Outcome.refused(unknown(target));
    } else if (count < 0 || count > MOST_REPLICAS) {
      return Outcome.refused("a model has 1 to " + MOST_REPLICAS + " replicas, or 0 for each node");
    }
    String detail = count == 0 ? "to each engine node" : "to " + count;
    String line = "scale " + target + " " + detail + "; " + seated(model) + " are wanted now";
    if (dryRun) {
      return new Outcome(List.of("would " + line), "", null);
    }
    String id = id(Verb.SCALE);
    long now = clock.getAsLong();
    List<Operation> operations = new ArrayList<>(desired.operations());
    operations.replaceAll(
        one ->
            one.progress() == Progress.RUNNING
                    && one.verb() == Verb.SCALE
                    && one.target().equals(target)
                ? one.ended(Progress.TAKEN_BACK, now)
                : one);
    want(spec.withReplicas(count));
    desired = with(desired.drains(), desired.seats(), operations);
    desired = with(desired.drains(), desired.seats(), begun(id, Verb.SCALE, target, detail));
    return new Outcome(List.of(line), id, null);
  }

  /** Wants one more model. */
  Outcome load(ModelSpec spec, boolean dryRun) {
    Target target = new Target(Kind.MODEL, spec.id().name());
    if (desired.model(spec.id()) != null) {
      return Outcome.refused("there is a model " + spec.id().name() + " already");
    } else if (desired.models().size() >= MOST_MODELS) {
      return Outcome.refused("there are so many models already; unload one first");
    } else if (spec.replicas() < 0 || spec.replicas() > MOST_REPLICAS) {
      return Outcome.refused("a model has 1 to " + MOST_REPLICAS + " replicas, or 0 for each node");
    }
    String line = "load " + target + " from " + spec.source();
    if (dryRun) {
      return new Outcome(List.of("would " + line), "", null);
    }
    String id = id(Verb.LOAD);
    List<ModelSpec> models = new ArrayList<>(desired.models());
    models.add(spec);
    troubles.remove(spec.id());
    desired =
        desired.next(
            models,
            desired.drains(),
            desired.seats(),
            begun(id, Verb.LOAD, target, "from " + spec.source()));
    return new Outcome(List.of(line), id, null);
  }

  /** Wants a model no more: its replicas are drained first. */
  Outcome unload(ModelId model, boolean dryRun) {
    Target target = new Target(Kind.MODEL, model.name());
    if (desired.model(model) == null) {
      return Outcome.refused(unknown(target));
    }
    List<String> lines = new ArrayList<>();
    lines.add((dryRun ? "would unload " : "unloads ") + target);
    affected(target).forEach((replica, one) -> lines.add(replica + " on " + told(one)));
    if (dryRun) {
      return new Outcome(lines, "", null);
    }
    String id = id(Verb.UNLOAD);
    long now = clock.getAsLong();
    List<ModelSpec> models = new ArrayList<>(desired.models());
    models.removeIf(spec -> spec.id().equals(model));
    List<Drained> drains = new ArrayList<>(desired.drains());
    drains.removeIf(one -> belongs(one.target(), model));
    List<Operation> operations = new ArrayList<>(begun(id, Verb.UNLOAD, target, ""));
    operations.replaceAll(
        one ->
            one.progress() == Progress.RUNNING
                    && belongs(one.target(), model)
                    && !one.id().equals(id)
                ? one.ended(Progress.TAKEN_BACK, now)
                : one);
    troubles.remove(model);
    desired = desired.next(models, drains, desired.seats(), operations);
    return new Outcome(lines, id, null);
  }

  private static boolean belongs(Target target, ModelId model) {
    return switch (target.kind()) {
      case NODE -> false;
      case REPLICA -> ReplicaId.parse(target.name()).model().equals(model);
      case MODEL -> target.name().equals(model.name());
    };
  }

  private long seated(ModelId model) {
    return desired.seats().stream()
        .filter(seat -> seat.wanted() && seat.replica().model().equals(model))
        .count();
  }

  /** What a model's replicas wait for until they are as many as wanted and all can answer. */
  private List<String> unscaled(ModelId model) {
    List<String> left = new ArrayList<>();
    Map<ReplicaId, Living> living = seats.living();
    for (Seat seat : desired.seats()) {
      String why = waits(seat, living.get(seat.replica()));
      if (why != null && seat.replica().model().equals(model)) {
        left.add(seat.replica() + why);
      }
    }
    ModelSpec spec = desired.model(model);
    long missing = spec == null ? 0 : spec.replicas() - seated(model);
    String why = waiting().get(model);
    if (why != null) {
      left.add(why);
    } else if (missing > 0) {
      left.add(missing + " wait for an engine node");
    } else if (spec != null && spec.replicas() == 0 && seated(model) == 0) {
      left.add("no engine node is there");
    }
    return left;
  }

  private static @Nullable String waits(Seat seat, @Nullable Living one) {
    if (one == null) {
      return seat.wanted() ? " is loaded" : null;
    } else if (!seat.wanted()) {
      return " goes: " + sequences(one.running());
    }
    return switch (one.state()) {
      case LOADING -> " is loaded";
      case FAILED -> " cannot be loaded";
      case READY, DRAINING, LEAVING -> null;
    };
  }

  /** The target with its full name, or null where there is none. */
  private @Nullable Target found(Target asked) {
    String name = asked.name();
    return switch (asked.kind()) {
      case NODE ->
          members.stream()
              .filter(node -> node.equals(name) || Desired.place(node).equals(name))
              .findFirst()
              .map(node -> new Target(Kind.NODE, node))
              .orElse(null);
      case REPLICA ->
          desired.seats().stream().anyMatch(seat -> seat.replica().toString().equals(name))
                  || desired.drains(asked) != null
              ? asked
              : null;
      case MODEL -> desired.model(new ModelId(name)) == null ? null : asked;
    };
  }

  private static String unknown(Target asked) {
    return "there is no " + asked.kind().name().toLowerCase(Locale.ROOT) + " " + asked.name();
  }

  private Map<ReplicaId, Living> affected(Target target) {
    Map<ReplicaId, Living> affected = new TreeMap<>(BY_NAME);
    seats
        .living()
        .forEach(
            (replica, one) -> {
              if (meant(target, replica, one.node())) {
                affected.put(replica, one);
              }
            });
    return affected;
  }

  /** Those that should live and have told nothing since this placement began. */
  private List<ReplicaId> unheard(Target target) {
    Set<ReplicaId> heard = seats.living().keySet();
    return desired.seats().stream()
        .filter(Seat::wanted)
        .filter(
            seat -> !heard.contains(seat.replica()) && meant(target, seat.replica(), seat.node()))
        .map(Seat::replica)
        .toList();
  }

  private static boolean meant(Target target, ReplicaId replica, String node) {
    return switch (target.kind()) {
      case NODE -> node.equals(target.name());
      case REPLICA -> replica.toString().equals(target.name());
      case MODEL -> replica.model().name().equals(target.name());
    };
  }

  /** What an operation still waits for; nothing when it is done. */
  List<String> left(Operation operation) {
    if (operation.verb() == Verb.SCALE || operation.verb() == Verb.LOAD) {
      return unscaled(new ModelId(operation.target().name()));
    }
    List<String> left = new ArrayList<>();
    affected(operation.target())
        .forEach(
            (replica, one) -> {
              if (operation.verb() == Verb.UNLOAD || !one.idle()) {
                left.add(replica + ": " + sequences(one.running()));
              }
            });
    unheard(operation.target()).forEach(replica -> left.add(replica + ": not heard of yet"));
    if (operation.target().kind() == Kind.NODE
        && left.isEmpty()
        && present(operation.target().name())) {
      left.add("the node leaves");
    }
    return left;
  }
}
