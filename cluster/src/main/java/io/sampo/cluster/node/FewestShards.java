package io.sampo.cluster.node;

import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.sharding.ShardCoordinator;
import org.apache.pekko.dispatch.Futures;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;

/**
 * Puts a shard on the node that has the fewest, among those that may have it, and moves none: a
 * router that moves forgets where sessions are, a replica that moves loads its model again.
 *
 * <p>A shard that no node may have waits: its future stays open, and the region that asked asks
 * again every {@code pekko.cluster.sharding.retry-interval}.
 */
final class FewestShards extends ShardCoordinator.AbstractShardAllocationStrategy {

  private final Predicate<Address> present;
  private final BiPredicate<String, String> apart;

  /**
   * @param present whether the node of this address takes part; that of this JVM has no host
   * @param apart whether two shards must not be on one node
   */
  FewestShards(Predicate<Address> present, BiPredicate<String, String> apart) {
    this.present = present;
    this.apart = apart;
  }

  @Override
  public Future<ActorRef> allocateShard(
      ActorRef requester, String shard, Map<ActorRef, IndexedSeq<String>> regions) {
    return regions.entrySet().stream()
        .filter(region -> present.test(region.getKey().path().address()))
        .filter(region -> !region.getValue().exists(other -> apart.test(shard, other)))
        .min(
            Comparator.<Map.Entry<ActorRef, IndexedSeq<String>>>comparingInt(
                    region -> region.getValue().size())
                .thenComparing(region -> region.getKey().path().toString()))
        .map(region -> Futures.successful(region.getKey()))
        .orElseGet(() -> Futures.<ActorRef>promise().future());
  }

  @Override
  public Future<Set<String>> rebalance(
      Map<ActorRef, IndexedSeq<String>> regions, Set<String> underWay) {
    return Futures.successful(Collections.emptySet());
  }
}
