package io.sampo.cluster.kv;

import io.sampo.actors.replica.SequenceKv;
import io.sampo.cluster.kv.TieredEngine.Known;
import io.sampo.engines.spi.KvScope;
import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.restore.Need;
import io.sampo.kvcache.restore.Offer;
import io.sampo.kvcache.restore.Plan;
import io.sampo.kvcache.restore.Restoration;
import io.sampo.kvcache.restore.Source;
import io.sampo.kvcache.restore.StoreSupply;
import io.sampo.kvcache.restore.Target;
import io.sampo.kvcache.store.BlockStore;
import io.sampo.kvcache.store.Leading;
import io.sampo.kvcache.store.Publication;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One sequence's blocks, on their way in and out. Belongs to its replica's actor. */
final class TieredSequence implements SequenceKv {

  private static final long[] NONE_KNOWN = {};

  private final TieredEngine engine;
  private final KvScope scope;
  private long[] hashes = NONE_KNOWN;
  private CompletableFuture<Void> ready = CompletableFuture.completedFuture(null);

  TieredSequence(TieredEngine engine, KvScope scope) {
    this.engine = engine;
    this.scope = scope;
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
              _ -> new StoreSupply(store(), whole),
              engine.breakEven());
      ready = restoration.ready();
      Thread.ofVirtual().name("kv-restore").start(restoration);
    }
  }

  private BlockChain chain(Known known) {
    return known.names().chain(scope.salt(), null);
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
    return offers;
  }

  private Target target(int[] prompt) {
    return new Target() {
      @Override
      public CompletableFuture<Integer> held() {
        return engine.blocks().held(scope, prompt);
      }

      @Override
      public CompletableFuture<Integer> take(KvChain chain) {
        return engine.blocks().importBlocks(scope, prompt, chain);
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
                  Math.max(1, engine.blockMillis(known.layout())),
                  (first, into) -> engine.blocks().exportBlocks(scope, tokens, first, into)));
    }
  }
}
