package io.sampo.cluster.node;

import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.sharding.ShardCoordinator;
import org.apache.pekko.dispatch.Futures;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;

/**
 * Puts a router's shard on the node that has the fewest, and moves none: a router that moves
 * forgets where sessions are.
 *
 * <p>A shard that no node may have waits: its future stays open, and the region that asked asks
 * again every {@code pekko.cluster.sharding.retry-interval}.
 */
final class FewestShards extends ShardCoordinator.AbstractShardAllocationStrategy {

  private final Predicate<Address> present;

  /**
   * @param present whether the node of this address takes part; that of this JVM has no host
   */
  FewestShards(Predicate<Address> present) {
    this.present = present;
  }

  @Override
  public Future<ActorRef> allocateShard(
      ActorRef requester, String shard, Map<ActorRef, IndexedSeq<String>> regions) {
    return regions.entrySet().stream()
        .filter(region -> present.test(region.getKey().path().address()))
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
