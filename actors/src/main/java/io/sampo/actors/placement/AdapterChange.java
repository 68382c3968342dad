package io.sampo.actors.placement;

import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.engines.spi.Adapter;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** An adapter that is being loaded on, or unloaded from, all replicas of a model. */
final class AdapterChange {

  private final ModelSpec spec;
  private final String name;
  private final @Nullable Adapter loaded;
  private final ActorRef<Placement.Adapters> replyTo;
  private final Set<ReplicaId> awaited;
  private @Nullable Failure failure;

  /**
   * Awaits these replicas.
   *
   * @param loaded null where the adapter is unloaded
   */
  AdapterChange(
      ModelSpec spec,
      String name,
      @Nullable Adapter loaded,
      Collection<ReplicaId> replicas,
      ActorRef<Placement.Adapters> replyTo) {
    this.spec = spec;
    this.name = name;
    this.loaded = loaded;
    this.replyTo = replyTo;
    this.awaited = new HashSet<>(replicas);
  }

  /** A replica is done; true when it was the last one. */
  boolean settled(ReplicaId replica, @Nullable Failure reason) {
    boolean expected = awaited.remove(replica);
    if (expected && failure == null) {
      failure = reason;
    }
    return expected && awaited.isEmpty();
  }

  ModelSpec spec() {
    return spec;
  }

  String name() {
    return name;
  }

  @Nullable Adapter loaded() {
    return loaded;
  }

  ActorRef<Placement.Adapters> replyTo() {
    return replyTo;
  }

  /** The first reason why a replica did not do it, or null. */
  @Nullable Failure failure() {
    return failure;
  }
}
