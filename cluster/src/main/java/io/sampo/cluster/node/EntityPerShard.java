package io.sampo.cluster.node;

import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.ShardingMessageExtractor;

/**
 * One shard for each entity: routers and replicas are few and heavy, so each is placed by itself.
 */
final class EntityPerShard<M> extends ShardingMessageExtractor<ShardingEnvelope<M>, M> {

  @Override
  public String entityId(ShardingEnvelope<M> envelope) {
    return envelope.entityId();
  }

  @Override
  public String shardId(String entityId) {
    return entityId;
  }

  @Override
  public M unwrapMessage(ShardingEnvelope<M> envelope) {
    return envelope.message();
  }
}
