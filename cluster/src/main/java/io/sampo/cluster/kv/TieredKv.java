package io.sampo.cluster.kv;

import com.typesafe.config.Config;
import io.sampo.actors.replica.EngineKv;
import io.sampo.actors.replica.NodeKv;
import io.sampo.engines.spi.Engine;
import io.sampo.kvcache.block.BlockNames;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.prefix.PrefixLoader;
import io.sampo.kvcache.restore.RestoreStats;
import io.sampo.kvcache.store.BlockStore;
import io.sampo.kvcache.store.Publisher;
import io.sampo.kvcache.store.StoreListener;
import io.sampo.kvcache.store.StoreSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps KV for the engines of a node, in main memory and in files. All methods may be called from
 * any thread.
 */
public final class TieredKv implements NodeKv, AutoCloseable {

  /** Until there are tenants there is one. */
  static final String TENANT = "default";

  private static final Logger LOG = LoggerFactory.getLogger(TieredKv.class);

  private final BlockStore store;
  private final Publisher publisher;
  private final byte[] tenantSalt;
  private final Duration restoreLimit;
  private final List<Path> warm;
  private final Set<KvLayout> warmed = ConcurrentHashMap.newKeySet();
  private final List<TieredEngine> engines = new CopyOnWriteArrayList<>();

  private TieredKv(BlockStore store, List<Path> warm, byte[] tenantSalt, Config config) {
    this.store = store;
    this.warm = warm;
    this.tenantSalt = tenantSalt;
    publisher = new Publisher(store, config.getInt("publish-queue"));
    restoreLimit = config.getDuration("restore-limit");
  }

  /**
   * Opens what a node keeps; what its files hold is found in the background.
   *
   * @param settings of a node that keeps anything
   * @param root with {@code cluster.kv}
   * @throws IllegalArgumentException when the secret or the files are open to others
   */
  public static TieredKv open(KvSettings settings, Config root) {
    Path folder = settings.folder();
    if (folder != null) {
      KvSecret.requirePrivate(folder);
    }
    byte[] salt = KvSecret.of(settings.dataFolder()).tenantSalt(TENANT);
    StoreSettings tiers =
        folder == null
            ? StoreSettings.hostOnly(settings.hostBytes())
            : StoreSettings.of(settings.hostBytes(), folder, settings.diskBytes());
    BlockStore store = BlockStore.open(tiers, new Troubles(), InstantSource.system());
    return new TieredKv(store, settings.warm(), salt, root.getConfig("cluster.kv"));
  }

  /** Tells the operator what goes wrong. */
  private static final class Troubles implements StoreListener {

    @Override
    public void onEvents(List<BlockEvent> events) {}

    @Override
    public void onTrouble(String trouble) {
      LOG.warn("{}", trouble);
    }
  }

  @Override
  public EngineKv serve(Engine engine) {
    TieredEngine served = new TieredEngine(this, engine, restoreLimit);
    engines.add(served);
    return served;
  }

  BlockStore store() {
    return store;
  }

  Publisher publisher() {
    return publisher;
  }

  /** How blocks of this layout are named. */
  BlockNames names(KvLayout layout) {
    return new BlockNames(tenantSalt, layout);
  }

  /**
   * Brings the prefixes of the warm-up list into main memory, once for each layout; in the
   * background.
   *
   * @param vocabulary of the model whose blocks have this layout
   */
  void warm(KvLayout layout, int vocabulary) {
    if (!warm.isEmpty() && warmed.add(layout)) {
      PrefixLoader loader =
          new PrefixLoader(store, layout, vocabulary, names(layout).chain("", null), TENANT);
      Thread.ofVirtual().name("kv-warm").start(() -> warm.forEach(file -> warm(loader, file)));
    }
  }

  private static void warm(PrefixLoader loader, Path file) {
    try {
      PrefixLoader.Loaded loaded = loader.load(file);
      LOG.info(
          "{}: {} of {} blocks of {} prefixes are in main memory and stay there",
          file,
          loaded.pinned(),
          loaded.blocks(),
          loaded.prefixes());
    } catch (IOException refused) {
      LOG.warn("the prefixes of {} are not used: {}", file, refused.getMessage());
    }
  }

  /** Figures of this moment. */
  public KvFigures figures() {
    RestoreStats restores =
        engines.stream().map(TieredEngine::restores).reduce(RestoreStats.NONE, RestoreStats::plus);
    return new KvFigures(store.stats(), publisher.stats(), restores);
  }

  /** Copies to files what is not there yet, if that does not take too long. */
  @Override
  public void close() {
    publisher.close();
    store.close();
  }
}
