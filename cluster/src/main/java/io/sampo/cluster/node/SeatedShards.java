package io.sampo.cluster.node;

import io.sampo.actors.placement.Desired;
import io.sampo.actors.wire.ReplicaId;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.sharding.ShardCoordinator;
import org.apache.pekko.dispatch.Futures;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * Puts a replica's shard on the node that the placement has chosen, and moves none.
 *
 * <p>A shard of which nobody has said where it goes, or whose node is not there, waits: its future
 * stays open, and the region that asked asks again every {@code
 * pekko.cluster.sharding.retry-interval}.
 */
final class SeatedShards extends ShardCoordinator.AbstractShardAllocationStrategy {

  private final Supplier<CompletionStage<Optional<Desired>>> desired;
  private final Function<Address, Optional<String>> names;

  /**
   * @param desired asks what is wanted
   * @param names the name of the node of this address, if it takes part; that of this JVM has no
   *     host
   */
  SeatedShards(
      Supplier<CompletionStage<Optional<Desired>>> desired,
      Function<Address, Optional<String>> names) {
    this.desired = desired;
    this.names = names;
  }

  @Override
  public Future<ActorRef> allocateShard(
      ActorRef requester, String shard, Map<ActorRef, IndexedSeq<String>> regions) {
    Set<ActorRef> there = Set.copyOf(regions.keySet());
    ReplicaId replica = ReplicaId.parse(shard);
    return FutureConverters.asScala(
        desired
            .get()
            .thenCompose(
                known ->
                    known
                        .flatMap(wanted -> wanted.seat(replica))
                        .flatMap(node -> region(node, there))
                        .map(CompletableFuture::completedFuture)
                        .orElseGet(CompletableFuture::new)));
  }

  private Optional<ActorRef> region(String node, Set<ActorRef> regions) {
    return regions.stream()
        .filter(region -> names.apply(region.path().address()).filter(node::equals).isPresent())
        .findFirst();
  }

  @Override
  public Future<Set<String>> rebalance(
      Map<ActorRef, IndexedSeq<String>> regions, Set<String> underWay) {
    return Futures.successful(Collections.emptySet());
  }
}
