package io.sampo.cluster.gateway.feed;

import com.typesafe.config.Config;
import io.sampo.actors.holder.Holder;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.Refusal;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** {@code GET /kv/events}: one client's stream of what the node's store holds. */
public final class BlockFeed {

  private static final ByteString SILENCE = ByteString.fromString(": keep-alive\n\n");

  private final Settings settings;
  private final AtomicInteger open = new AtomicInteger();

  /**
   * The subtree {@code cluster.kv.feed}; {@code reference.conf} describes each key.
   *
   * @param clients how many may follow at a time; 0 for nobody
   * @param keepAlive the longest silence
   */
  public record Settings(int clients, Duration keepAlive) {

    public Settings {
      if (clients < 0 || clients > 64) {
        throw new IllegalArgumentException("cluster.kv.feed.clients must be 0 to 64: " + clients);
      }
      if (!keepAlive.isPositive()) {
        throw new IllegalArgumentException("cluster.kv.feed.keep-alive must be over 0");
      }
    }

    /**
     * Reads them.
     *
     * @param config the whole configuration
     */
    public static Settings from(Config config) {
      Config feed = config.getConfig("cluster.kv.feed");
      return new Settings(feed.getInt("clients"), feed.getDuration("keep-alive"));
    }
  }

  public BlockFeed(Settings settings) {
    this.settings = settings;
  }

  /** Whether anybody may follow. */
  public boolean on() {
    return settings.clients() > 0;
  }

  /**
   * Begins to tell, from the event after the one that the client names, or everything.
   *
   * @param holder of the store
   * @param blockTokens tokens of a block
   * @throws Refusal when too many follow already, or what the client names is no event
   */
  public synchronized HttpResponse follow(
      Exchange exchange, ActorRef<Holder.Command> holder, int blockTokens) {
    if (open.get() >= settings.clients()) {
      throw new Refusal(Failure.unavailable(ErrorCode.OVERLOADED, 10));
    }
    FeedPosition from =
        exchange.header("last-event-id").map(BlockFeed::position).orElse(FeedPosition.NOTHING);
    open.incrementAndGet();
    CompletableFuture<Void> over = new CompletableFuture<>();
    var _ = over.thenRun(open::decrementAndGet);
    exchange.whenClientLeaves(() -> over.complete(null));
    exchange.streamsUntil(over);
    FeedEvents events = new FeedEvents(blockTokens, InstantSource.system());
    return HttpResponse.create()
        .withEntity(
            HttpEntities.createChunked(
                MediaTypes.TEXT_EVENT_STREAM.toContentType(),
                Source.fromGraph(new FeedSource(holder, from, events, over))
                    .keepAlive(settings.keepAlive(), () -> SILENCE)))
        .addHeaders(
            List.of(
                RawHeader.create("cache-control", "no-cache"),
                RawHeader.create("x-accel-buffering", "no")));
  }

  private static FeedPosition position(String text) {
    try {
      return FeedPosition.parse(text);
    } catch (IllegalArgumentException malformed) {
      throw new Refusal(Failure.invalidValue("Last-Event-ID", "the id of an event of this stream"));
    }
  }
}
