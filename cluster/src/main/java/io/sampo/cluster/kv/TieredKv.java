package io.sampo.cluster.kv;

import com.typesafe.config.Config;
import io.sampo.actors.holder.EventLog;
import io.sampo.actors.holder.Holder;
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
import io.sampo.kvcache.store.StoreStats;
import io.sampo.kvcache.transfer.ClusterSecret;
import io.sampo.kvcache.transfer.Credentials;
import io.sampo.kvcache.transfer.TransferTls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;
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

  /** Events of so many blocks are kept for routers that ask late; the others get a snapshot. */
  private static final int LOG_BLOCKS = 1 << 16;

  private final BlockStore store;
  private final EventLog log;
  private final Publisher publisher;
  private final ClusterSecret secret;
  private final Duration restoreLimit;
  private final ExchangeSettings exchangeSettings;
  private final List<Path> warm;
  private final Set<KvLayout> warmed = ConcurrentHashMap.newKeySet();
  private final List<TieredEngine> engines = new CopyOnWriteArrayList<>();
  private volatile @Nullable BlockExchange exchange;

  private TieredKv(
      BlockStore store, EventLog log, List<Path> warm, ClusterSecret secret, Config config) {
    this.store = store;
    this.log = log;
    this.warm = warm;
    this.secret = secret;
    publisher = new Publisher(store, config.getInt("publish-queue"));
    restoreLimit = config.getDuration("restore-limit");
    exchangeSettings = ExchangeSettings.from(config.getConfig("exchange"));
  }

  /**
   * Opens what a node keeps; what its files hold is found in the background.
   *
   * @param settings of a node that keeps anything
   * @param secret names blocks, and authenticates them between nodes
   * @param root with {@code cluster.kv}
   * @throws IllegalArgumentException when the files are open to others
   */
  public static TieredKv open(KvSettings settings, ClusterSecret secret, Config root) {
    Path folder = settings.folder();
    if (folder != null) {
      KvSecret.requirePrivate(folder);
    }
    Config config = root.getConfig("cluster.kv");
    StoreSettings tiers =
        new StoreSettings(
            settings.hostBytes(),
            folder,
            folder == null ? 0 : settings.diskBytes(),
            StoreSettings.DEFAULT_DISK_FILES,
            config.getDouble("tenant-share"),
            config.getDouble("pin-share"));
    EventLog log = new EventLog(LOG_BLOCKS);
    BlockStore store = BlockStore.open(tiers, new Listener(log), InstantSource.system());
    return new TieredKv(store, log, settings.warm(), secret, config);
  }

  /** Keeps for routers what happens, and tells the operator what goes wrong. */
  private record Listener(EventLog log) implements StoreListener {

    @Override
    public void onEvents(List<BlockEvent> events) {
      log.add(events);
    }

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

  /**
   * Tells routers what is here, gives it to other nodes and gets theirs.
   *
   * @param bind where other nodes reach this one; port 0 for any
   * @param tls by what nodes prove themselves beside the secret; null for no TLS
   * @throws UncheckedIOException when the address cannot be listened on
   */
  public void exchange(ActorSystem<?> system, InetSocketAddress bind, @Nullable TransferTls tls) {
    try {
      exchange =
          BlockExchange.open(
              system, bind, exchangeSettings, new Credentials(secret, tls), store, log);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure.getMessage(), failure);
    }
  }

  /**
   * Has the JVM compile what moves blocks between nodes, in the background.
   *
   * @return done when it has
   */
  public CompletionStage<Void> warmUpExchange() {
    BlockExchange open = exchange;
    return open == null ? CompletableFuture.completedStage(null) : open.warmUp();
  }

  /** Who tells what is here; empty where nobody does. */
  public Optional<ActorRef<Holder.Command>> holder() {
    return Optional.ofNullable(exchange).map(open -> open.address().holder());
  }

  /** The way to other nodes; null where there is none. */
  @Nullable BlockExchange exchange() {
    return exchange;
  }

  BlockStore store() {
    return store;
  }

  Publisher publisher() {
    return publisher;
  }

  /** How blocks of this layout are named. */
  BlockNames names(KvLayout layout) {
    return names(secret, layout);
  }

  /** How all nodes that know a secret name blocks of a layout. */
  public static BlockNames names(ClusterSecret secret, KvLayout layout) {
    return new BlockNames(secret.tenantSalt(TENANT), layout);
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
    BlockExchange open = exchange;
    return new KvFigures(
        store.stats(), publisher.stats(), restores, open == null ? null : open.figures());
  }

  /**
   * Drops all that is kept, pinned or not.
   *
   * @return how many bytes that were
   */
  public long clear() {
    StoreStats before = store.stats();
    store.clear();
    return before.host().bytes() + before.disk().bytes();
  }

  /** Copies to files what is not there yet, if that does not take too long. */
  @Override
  public void close() {
    if (exchange != null) {
      exchange.close();
    }
    publisher.close();
    store.close();
  }
}
