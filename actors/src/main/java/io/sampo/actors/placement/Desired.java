package io.sampo.actors.placement;

import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.WireMessage;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is wanted of the cluster, whole, as every node has it.
 *
 * @param revision grows with each change; of two the one with more is the newer
 * @param models that are to run
 * @param drains what is to take nothing new
 * @param seats where replicas are, or are to be
 * @param operations what operators have ordered lately, the latest last
 */
public record Desired(
    long revision,
    List<ModelSpec> models,
    List<Drained> drains,
    List<Seat> seats,
    List<Operation> operations)
    implements WireMessage {

  /** More finished operations than this are forgotten, the oldest first. */
  static final int MOST_OPERATIONS = 32;

  /** What can be drained. */
  public enum Kind {
    /** A node, which leaves the cluster then. */
    NODE,
    REPLICA,
    /** All replicas of a model. */
    MODEL
  }

  /**
   * What an order is about.
   *
   * @param name of a node, a replica or a model
   */
  public record Target(Kind kind, String name) {

    @Override
    public String toString() {
      return switch (kind) {
        case NODE -> "node " + place(name);
        case REPLICA -> "replica " + name;
        case MODEL -> "model " + name;
      };
    }
  }

  /**
   * Something that is drained.
   *
   * @param target a node by its name with its incarnation, so that its successor is not meant
   * @param graceMillis how long what runs may end there
   * @param byItself whether the node is being stopped, so that nobody can take it back
   * @param operation the id of the one that wants it
   */
  public record Drained(Target target, long graceMillis, boolean byItself, String operation) {}

  /**
   * A replica's place.
   *
   * @param node as in {@link Placement.EngineNodes}
   * @param wanted false for one that is to go, or has gone and may come again only there
   */
  public record Seat(ReplicaId replica, String node, boolean wanted) {}

  /** What was ordered. */
  public enum Verb {
    DRAIN,
    /** The node is being stopped, by whomever. */
    STOP,
    /** A model is to have another number of replicas. */
    SCALE,
    LOAD,
    UNLOAD;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Where an operation stands. */
  public enum Progress {
    RUNNING,
    DONE,
    /** Another order has undone it. */
    TAKEN_BACK
  }

  /**
   * Something that takes its time.
   *
   * @param detail more of what is wanted; may be empty
   * @param endedMillis since 1970; 0 while it runs
   */
  public record Operation(
      String id,
      Verb verb,
      Target target,
      String detail,
      Progress progress,
      long begunMillis,
      long endedMillis) {

    /** What was ordered, for people. */
    public String what() {
      return verb.word() + " " + target + (detail.isEmpty() ? "" : " " + detail);
    }

    Operation ended(Progress how, long nowMillis) {
      return new Operation(id, verb, target, detail, how, begunMillis, nowMillis);
    }
  }

  public Desired {
    models = List.copyOf(models);
    drains = List.copyOf(drains);
    seats = List.copyOf(seats);
    operations = List.copyOf(operations);
  }

  /** These models and nothing else. */
  public static Desired of(List<ModelSpec> models) {
    return new Desired(0, models, List.of(), List.of(), List.of());
  }

  /** The place of a node without its incarnation: {@code host:port}. */
  public static String place(String node) {
    int end = node.indexOf('#');
    return end < 0 ? node : node.substring(0, end);
  }

  /** Where a replica is to be; empty where nobody says. */
  public Optional<String> seat(ReplicaId replica) {
    return seats.stream()
        .filter(seat -> seat.replica().equals(replica))
        .map(Seat::node)
        .findFirst();
  }

  /** Why a replica on this node takes nothing new; null where it may. */
  public @Nullable Drained drained(ReplicaId replica, String node) {
    Drained there = drains(new Target(Kind.NODE, node));
    Drained itself = drains(new Target(Kind.REPLICA, replica.toString()));
    return there != null
        ? there
        : itself != null ? itself : drains(new Target(Kind.MODEL, replica.model().name()));
  }

  /** The replicas that are to take nothing new. */
  public Set<ReplicaId> closed() {
    return seats.stream()
        .filter(seat -> !seat.wanted() || drained(seat.replica(), seat.node()) != null)
        .map(Seat::replica)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The drain of just this, or null. */
  public @Nullable Drained drains(Target target) {
    return drains.stream().filter(one -> one.target().equals(target)).findFirst().orElse(null);
  }

  /** The model of this name as it is wanted, or null. */
  public @Nullable ModelSpec model(ModelId id) {
    return models.stream().filter(spec -> spec.id().equals(id)).findFirst().orElse(null);
  }

  /** The same models and revision with these others. */
  Desired replacing(
      List<Drained> otherDrains, List<Seat> otherSeats, List<Operation> otherOperations) {
    return new Desired(revision, models, otherDrains, otherSeats, otherOperations);
  }

  Desired next(
      List<ModelSpec> nextModels,
      List<Drained> nextDrains,
      List<Seat> nextSeats,
      List<Operation> nextOperations) {
    return new Desired(revision + 1, nextModels, nextDrains, nextSeats, nextOperations);
  }
}
