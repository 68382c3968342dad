package io.sampo.cluster.kv;

import io.sampo.actors.replica.CacheUse;
import io.sampo.actors.replica.SequenceKv;
import io.sampo.actors.wire.KvHint;
import io.sampo.cluster.kv.TieredEngine.Known;
import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.restore.Need;
import io.sampo.kvcache.restore.Offer;
import io.sampo.kvcache.restore.Plan;
import io.sampo.kvcache.restore.Restoration;
import io.sampo.kvcache.restore.Source;
import io.sampo.kvcache.restore.StoreSupply;
import io.sampo.kvcache.restore.Supply;
import io.sampo.kvcache.restore.Target;
import io.sampo.kvcache.store.BlockStore;
import io.sampo.kvcache.store.Leading;
import io.sampo.kvcache.store.Publication;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One sequence's blocks, on their way in and out. Belongs to its replica's actor. */
final class TieredSequence implements SequenceKv {

  private static final long[] NONE_KNOWN = {};

  private final TieredEngine engine;
  private final CacheUse use;
  private long[] hashes = NONE_KNOWN;
  private CompletableFuture<Void> ready = CompletableFuture.completedFuture(null);

  TieredSequence(TieredEngine engine, CacheUse use) {
    this.engine = engine;
    this.use = use;
  }

  /** Sets out for the blocks of a prompt, where they can be had and are worth it. */
  void restore(int[] prompt) {
    Known known = engine.known();
    if (known == null || prompt.length < known.layout().blockTokens()) {
      return;
    }
    long[] whole = chain(known).hashes(prompt);
    hashes = whole;
    List<Offer> offers = offers(whole);
    if (offers.isEmpty()) {
      return;
    }
    Need need =
        new Need(
            0,
            BlockHash.count(whole),
            known.layout().blockBytes(),
            engine.blockMillis(known.layout()));
    Plan plan = engine.breakEven().plan(need, offers);
    if (!plan.isEmpty()) {
      Restoration restoration =
          new Restoration(
              plan,
              need,
              known.layout(),
              target(prompt),
              source -> supply(source, known.layout(), whole),
              engine.breakEven());
      ready = restoration.ready();
      Thread.ofVirtual().name("kv-restore").start(restoration);
    }
  }

  private BlockChain chain(Known known) {
    return known.names().chain(use.scope().salt(), null);
  }

  private BlockStore store() {
    return engine.node().store();
  }

  /** Who has a beginning of the prompt. */
  private List<Offer> offers(long[] whole) {
    Leading leading = store().leading(whole);
    List<Offer> offers = new ArrayList<>();
    if (leading.host() > 0) {
      offers.add(new Offer(Source.HOST, leading.host()));
    }
    if (leading.disk() > leading.host()) {
      offers.add(new Offer(Source.DISK, leading.disk()));
    }
    Source.Peer peer = peer();
    if (peer != null && use.hint() instanceof KvHint hint && hint.blocks() > leading.disk()) {
      offers.add(new Offer(peer, hint.blocks()));
    }
    return offers;
  }

  /** The node that the router has named, if it is one to ask. */
  private Source.@Nullable Peer peer() {
    BlockExchange exchange = engine.node().exchange();
    KvHint hint = use.hint();
    return exchange == null || hint == null ? null : exchange.source(hint);
  }

  private Supply supply(Source source, KvLayout layout, long[] whole) {
    BlockExchange exchange = engine.node().exchange();
    if (source instanceof Source.Peer peer && exchange != null) {
      engine.fetchesFrom(peer);
      return exchange.supply(peer, layout, whole, TieredKv.TENANT, cost(layout));
    }
    return new StoreSupply(store(), whole);
  }

  private double cost(KvLayout layout) {
    return Math.max(1, engine.blockMillis(layout));
  }

  private Target target(int[] prompt) {
    return new Target() {
      @Override
      public CompletableFuture<Integer> held() {
        return engine.blocks().held(use.scope(), prompt);
      }

      @Override
      public CompletableFuture<Integer> take(KvChain chain) {
        return engine.blocks().importBlocks(use.scope(), prompt, chain);
      }
    };
  }

  @Override
  public CompletableFuture<Void> ready() {
    return ready;
  }

  @Override
  public void computed(int[] tokens) {
    Known known = engine.known();
    if (known == null || tokens.length < known.layout().blockTokens()) {
      return;
    }
    long[] whole = chain(known).hashes(tokens, tokens.length, hashes);
    hashes = whole;
    if (store().leading(whole).host() < BlockHash.count(whole)) {
      engine
          .node()
          .publisher()
          .offer(
              new Publication(
                  whole,
                  known.layout(),
                  TieredKv.TENANT,
                  cost(known.layout()),
                  (first, into) -> engine.blocks().exportBlocks(use.scope(), tokens, first, into)));
    }
  }
}
