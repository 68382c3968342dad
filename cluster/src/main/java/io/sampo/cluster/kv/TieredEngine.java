package io.sampo.cluster.kv;

import io.sampo.actors.replica.CacheUse;
import io.sampo.actors.replica.EngineKv;
import io.sampo.actors.replica.KvOffer;
import io.sampo.actors.replica.SequenceKv;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.KvBlocks;
import io.sampo.engines.spi.KvSupport;
import io.sampo.kvcache.block.BlockNames;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.restore.BreakEven;
import io.sampo.kvcache.restore.RestoreStats;
import io.sampo.kvcache.restore.Source;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one engine and its node give each other. Until it is known what the engine's blocks look
 * like, and where it has none, that is nothing.
 */
final class TieredEngine implements EngineKv {

  private static final Logger LOG = LoggerFactory.getLogger(TieredEngine.class);

  /** Sources of which it is remembered how fast they are. */
  private static final int SOURCES = 256;

  /** An engine's blocks, once known. */
  record Known(KvLayout layout, BlockNames names) {}

  private final TieredKv node;
  private final Engine engine;
  private final BreakEven breakEven;
  private volatile @Nullable Known known;
  private volatile Source.@Nullable Peer lastPeer;

  /**
   * @param restoreLimit how long a sequence waits for blocks at most
   */
  TieredEngine(TieredKv node, Engine engine, Duration restoreLimit) {
    this.node = node;
    this.engine = engine;
    breakEven = new BreakEven(SOURCES, restoreLimit);
    var _ = engine.kvBlocks().support().whenComplete(this::learn);
  }

  private void learn(@Nullable KvSupport support, @Nullable Throwable failure) {
    String name = engine.capabilities().engine();
    switch (support) {
      case KvSupport.Offered offered -> {
        known = new Known(offered.layout(), node.names(offered.layout()));
        node.warm(offered.layout(), engine.capabilities().vocabularySize());
      }
      case KvSupport.Refused refused ->
          LOG.info("KV stays in the {} engine: {}", name, refused.reason());
      case null -> LOG.warn("KV stays in the {} engine, of which nothing is known", name, failure);
    }
  }

  @Override
  public SequenceKv begin(CacheUse use, int[] prompt) {
    TieredSequence sequence = new TieredSequence(this, use);
    sequence.restore(prompt);
    return sequence;
  }

  @Override
  public @Nullable KvOffer offer() {
    Known now = known;
    BlockExchange exchange = node.exchange();
    return now == null
        ? null
        : new KvOffer(
            now.layout(),
            exchange == null ? null : exchange.address(),
            breakEven.bytesPerSecond(Source.HOST),
            breakEven.bytesPerSecond(Source.DISK),
            lastPeer == null ? 0 : breakEven.bytesPerSecond(lastPeer),
            node.figures().counters());
  }

  TieredKv node() {
    return node;
  }

  KvBlocks blocks() {
    return engine.kvBlocks();
  }

  @Nullable Known known() {
    return known;
  }

  /** Blocks are about to come from there. */
  void fetchesFrom(Source.Peer peer) {
    lastPeer = peer;
  }

  BreakEven breakEven() {
    return breakEven;
  }

  /** What computing a block takes, in milliseconds; 0 where that is not known yet. */
  double blockMillis(KvLayout layout) {
    double perSecond = engine.stats().prefillTokensPerSecond();
    return perSecond > 0 ? 1000 * layout.blockTokens() / perSecond : 0;
  }

  RestoreStats restores() {
    return breakEven.stats();
  }
}
