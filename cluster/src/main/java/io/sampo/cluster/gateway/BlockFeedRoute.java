package io.sampo.cluster.gateway;

import io.sampo.actors.replica.KvOffer;
import io.sampo.actors.replica.Replica;
import io.sampo.cluster.gateway.feed.BlockFeed;
import io.sampo.cluster.gateway.http.Scope;
import io.sampo.kvcache.block.BlockChain;
import java.util.List;
import java.util.Objects;

/** {@code GET /kv/events} of a node that has a block store and may tell of it. */
record BlockFeedRoute(BlockFeed feed, NodeHealth node) {

  List<Route> routes() {
    return node.kvHolder()
        .filter(_ -> feed.on())
        .map(
            holder ->
                List.of(
                    Route.get(
                        "/kv/events",
                        Scope.INFER,
                        exchange -> feed.follow(exchange, holder, blockTokens()))))
        .orElse(List.of());
  }

  private int blockTokens() {
    return node.replicas().stream()
        .map(Replica.Report::kv)
        .filter(Objects::nonNull)
        .map(KvOffer::layout)
        .findFirst()
        .map(layout -> layout.blockTokens())
        .orElse(BlockChain.DEFAULT_BLOCK_TOKENS);
  }
}
