package io.sampo.cluster.kv;

import io.sampo.actors.holder.EventLog;
import io.sampo.actors.holder.Holder;
import io.sampo.actors.holder.StoreAddress;
import io.sampo.actors.wire.KvHint;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.restore.PeerSupply;
import io.sampo.kvcache.restore.Source;
import io.sampo.kvcache.restore.Supply;
import io.sampo.kvcache.store.BlockStore;
import io.sampo.kvcache.transfer.BlockFetcher;
import io.sampo.kvcache.transfer.BlockServer;
import io.sampo.kvcache.transfer.Credentials;
import io.sampo.kvcache.transfer.FetchEnd;
import io.sampo.kvcache.transfer.Fetched;
import io.sampo.kvcache.transfer.ServerSettings;
import io.sampo.kvcache.transfer.WarmUp;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How KV blocks go from this node's store to other nodes and come from theirs: the server, the
 * fetcher, and the holder that tells routers what is here.
 */
final class BlockExchange implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(BlockExchange.class);

  private static final int MOST_TOLD = 256;
  private static final Duration WARM_UP_LIMIT = Duration.ofSeconds(5);

  private final BlockStore store;
  private final BlockServer server;
  private final BlockFetcher fetcher;
  private final StoreAddress address;
  private final ExchangeSettings settings;
  private final Credentials credentials;
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  private BlockExchange(
      BlockStore store,
      BlockServer server,
      StoreAddress address,
      ExchangeSettings settings,
      Credentials credentials) {
    this.store = store;
    this.server = server;
    this.address = address;
    this.settings = settings;
    this.credentials = credentials;
    fetcher = new BlockFetcher(settings.fetcher(), credentials);
  }

  /**
   * Opens the store to the cluster.
   *
   * @param bind where blocks are given, as other nodes reach it; port 0 for any
   * @param log hears of the store's events
   * @throws IOException when the address cannot be listened on; the message names it
   */
  static BlockExchange open(
      ActorSystem<?> system,
      InetSocketAddress bind,
      ExchangeSettings settings,
      Credentials credentials,
      BlockStore store,
      EventLog log)
      throws IOException {
    BlockServer server = BlockServer.start(ServerSettings.on(bind), credentials, store);
    ActorRef<Holder.Command> holder =
        system.systemActorOf(Holder.create(log, store::snapshot), "kv-holder", Props.empty());
    LOG.debug("gives KV blocks at {}", server.address());
    String host = settings.advertisedHost();
    int port = settings.advertisedPort();
    StoreAddress address =
        new StoreAddress(
            holder,
            host == null ? server.address().getAddress().getHostAddress() : host,
            port == 0 ? server.address().getPort() : port);
    return new BlockExchange(store, server, address, settings, credentials);
  }

  /** Moves made-up blocks in the background, so that the JVM compiles what moves blocks. */
  CompletionStage<Void> warmUp() {
    long bytes = settings.warmUpBytes();
    return bytes == 0
        ? CompletableFuture.completedStage(null)
        : CompletableFuture.runAsync(
            () -> {
              try {
                LOG.debug(
                    "warmed up with {} bytes", WarmUp.move(credentials, bytes, WARM_UP_LIMIT));
              } catch (IOException unable) {
                LOG.debug("the first blocks will come slowly", unable);
              }
            },
            task -> Thread.ofVirtual().name("kv-warm-up").start(task));
  }

  /** Where other nodes ask for what is here. */
  StoreAddress address() {
    return address;
  }

  /**
   * The blocks of a text that a peer has.
   *
   * @param hashes of all blocks of the text
   * @param costMillis what computing one of them takes
   */
  Supply supply(
      Source.Peer peer, KvLayout layout, long[] hashes, String tenant, double costMillis) {
    return new PeerSupply(
        fetcher,
        peer.address(),
        store,
        layout,
        hashes,
        tenant,
        costMillis,
        fetched -> tell(peer.address(), fetched));
  }

  /** Each kind of end once for each peer; what is normal only to who wants to know much. */
  private void tell(InetSocketAddress peer, Fetched fetched) {
    FetchEnd end = fetched.end();
    LOG.debug("fetched {} KV blocks from {}: {}", fetched.blocks().size(), peer, end);
    if (told.size() < MOST_TOLD && told.add(peer + " " + end)) {
      switch (end) {
        case COMPLETE -> LOG.info("fetches KV blocks from {}", peer);
        case UNTRUSTED ->
            LOG.warn(
                "{} does not know this cluster's secret: give all nodes one --secret-file", peer);
        case NOT_HELD, BUSY, BYPASSED, CANCELLED -> {}
        default -> LOG.warn("a fetch of KV blocks from {} ended early: {}", peer, end);
      }
    }
  }

  /**
   * The node that a hint is about; null where it is this one, or one that failed lately. A hint
   * comes from a peer: its host is an address, and no name is looked up for it.
   */
  Source.@Nullable Peer source(KvHint hint) {
    InetSocketAddress peer;
    try {
      peer = new InetSocketAddress(InetAddress.ofLiteral(hint.host()), hint.port());
    } catch (IllegalArgumentException noAddress) {
      LOG.debug("a hint names {}, which is no address", hint.host());
      return null;
    }
    return peer.equals(advertised()) || peer.equals(server.address()) || fetcher.bypasses(peer)
        ? null
        : new Source.Peer(peer);
  }

  private InetSocketAddress advertised() {
    return new InetSocketAddress(InetAddress.ofLiteral(address.host()), address.port());
  }

  ExchangeFigures figures() {
    return new ExchangeFigures(server.stats(), fetcher.stats());
  }

  /** Ends all fetches and answers. */
  @Override
  public void close() {
    fetcher.close();
    server.close();
  }
}
