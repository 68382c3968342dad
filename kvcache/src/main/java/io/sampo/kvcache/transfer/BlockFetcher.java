package io.sampo.kvcache.transfer;

import io.sampo.kvcache.transfer.Deadlines.Deadline;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Gets blocks from other nodes' {@link BlockServer}s. A fetch blocks its thread, a virtual one at
 * best, until its end or its deadline; interrupting the thread cancels it. Safe for use by many
 * threads: from one peer only so many fetch at a time, and only so many wait.
 *
 * <p>A fetch never fails with an exception: it ends in some {@link FetchEnd} with as many blocks as
 * came. A peer that is dead, that stalls or that sends what it must not is bypassed for a growing
 * time, at no cost to who asks meanwhile; one that is merely slow shows it in its {@link
 * PeerSpeed}, from which the caller decides.
 */
public final class BlockFetcher implements AutoCloseable {

  private final FetcherSettings settings;
  private final Deadlines deadlines = new Deadlines("kv-fetcher-deadlines");
  private final LinkedHashMap<InetSocketAddress, Peer> peers = new LinkedHashMap<>(16, 0.75f, true);
  private final Links links;
  private final Map<FetchEnd, LongAdder> ends = new ConcurrentHashMap<>();
  private final LongAdder blocks = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder connections = new LongAdder();

  public BlockFetcher(FetcherSettings settings, Credentials credentials) {
    this.settings = settings;
    links = new Links(credentials, deadlines);
  }

  /**
   * Gets the leading blocks of a run that a peer holds.
   *
   * @param peer where its server listens
   * @param memory where the blocks shall lie: one piece for each wanted block, outside the Java
   *     heap, exactly as long as one; nobody else may look at it until this returns, and nothing
   *     writes to it after
   * @param within how long this may take at most, waiting for a turn included
   */
  public Fetched fetch(
      InetSocketAddress peer, Wanted wanted, List<MemorySegment> memory, Duration within) {
    requireMemory(wanted, memory);
    long due = System.nanoTime() + within.toNanos();
    Fetched fetched = within.isPositive() ? fetch(peer(peer), peer, wanted, memory, due) : late();
    ends.computeIfAbsent(fetched.end(), _ -> new LongAdder()).increment();
    blocks.add(fetched.blocks().size());
    bytes.add((long) fetched.blocks().size() * wanted.layout().blockBytes());
    return fetched;
  }

  private static Fetched late() {
    return Fetched.nothing(FetchEnd.DEADLINE);
  }

  private static void requireMemory(Wanted wanted, List<MemorySegment> memory) {
    int blockBytes = wanted.layout().blockBytes();
    if (memory.size() != wanted.hashes().size()) {
      throw new IllegalArgumentException(
          "%d blocks are wanted into memory for %d"
              .formatted(wanted.hashes().size(), memory.size()));
    }
    for (MemorySegment one : memory) {
      if (!one.isNative() || one.isReadOnly() || one.byteSize() != blockBytes) {
        throw new IllegalArgumentException(
            "memory for a block must be %d bytes outside the Java heap: %s"
                .formatted(blockBytes, one));
      }
    }
  }

  private Fetched fetch(
      Peer peer, InetSocketAddress address, Wanted wanted, List<MemorySegment> memory, long due) {
    FetchEnd refused = peer.enter(due);
    if (refused != null) {
      return Fetched.nothing(refused);
    }
    Answer answer = new Answer(wanted, memory);
    FetchEnd end = FetchEnd.CANCELLED;
    try {
      end = attempt(peer, address, answer, due);
    } finally {
      peer.leave(end, answer.blocks().size());
    }
    return new Fetched(answer.blocks(), end);
  }

  private FetchEnd attempt(Peer peer, InetSocketAddress address, Answer answer, long due) {
    try {
      Link used = peer.take();
      if (used != null) {
        FetchEnd end = exchange(peer, used, answer, due);
        // A connection that was left alone may have ended unnoticed; that says nothing of the peer.
        if (end != FetchEnd.BROKEN || answer.begun()) {
          return end;
        }
      }
      long limit = Math.min(due - System.nanoTime(), settings.connectWithin().toNanos());
      Link made = links.open(address, limit);
      connections.increment();
      return exchange(peer, made, answer, due);
    } catch (SSLException stranger) {
      return FetchEnd.UNTRUSTED;
    } catch (IOException failed) {
      return reason(failed, due, FetchEnd.UNREACHABLE);
    } catch (RejectedExecutionException nowClosed) {
      return FetchEnd.CANCELLED;
    }
  }

  /** One question and its answer; the link is kept for the next if both came to a good end. */
  private FetchEnd exchange(Peer peer, Link link, Answer answer, long due) {
    long asked = System.nanoTime();
    long before = link.wire().received();
    Deadline deadline = deadlines.in(due - asked, link::close);
    boolean sound = false;
    try {
      FetchEnd end = converse(link, answer, deadline, asked, due);
      measure(peer, answer, end, asked, link.wire().received() - before);
      sound = end.connectionIsSound() && !deadline.passed();
      return end;
    } finally {
      if (sound) {
        peer.keep(link);
      } else {
        link.close();
      }
    }
  }

  private FetchEnd converse(Link link, Answer answer, Deadline deadline, long asked, long due) {
    try (deadline) {
      int number = link.nextRequest();
      answer.ask(link.wire(), number, millis(due - asked));
      return answer.receive(link.wire(), number);
    } catch (SSLException changed) {
      return FetchEnd.FORGED;
    } catch (IOException failed) {
      return reason(failed, due, FetchEnd.BROKEN);
    }
  }

  private static int millis(long nanos) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, nanos / 1_000_000));
  }

  private FetchEnd reason(IOException failed, long due, FetchEnd otherwise) {
    if (failed instanceof DoubtException doubt) {
      return doubt.end();
    }
    if (links.closed() || failed instanceof ClosedByInterruptException) {
      return FetchEnd.CANCELLED;
    }
    return System.nanoTime() - due >= 0 ? FetchEnd.DEADLINE : otherwise;
  }

  private static void measure(Peer peer, Answer answer, FetchEnd end, long asked, long received) {
    long now = System.nanoTime();
    long began = answer.begun() ? answer.beganAt() : now;
    if (answer.begun() || end == FetchEnd.DEADLINE) {
      peer.answered(began - asked);
    }
    if (received > 0) {
      peer.moved(received, now - began);
    } else if (end == FetchEnd.DEADLINE) {
      peer.moved(0, now - asked);
    }
  }

  /** How fast a peer was of late; null where nothing was fetched from it yet. */
  public @Nullable PeerSpeed speed(InetSocketAddress peer) {
    Peer known = known(peer);
    return known == null ? null : known.speed();
  }

  /** Whether a fetch from this peer would end at once, because it failed lately. */
  public boolean bypasses(InetSocketAddress peer) {
    Peer known = known(peer);
    return known != null && known.bypassed();
  }

  private @Nullable Peer known(InetSocketAddress address) {
    synchronized (peers) {
      return peers.get(address);
    }
  }

  /** Forgets a peer that has left the cluster. */
  public void forget(InetSocketAddress peer) {
    Peer gone;
    synchronized (peers) {
      gone = peers.remove(peer);
    }
    if (gone != null) {
      gone.forget();
    }
  }

  private Peer peer(InetSocketAddress address) {
    Peer peer;
    Peer eldest = null;
    synchronized (peers) {
      peer = peers.computeIfAbsent(address, _ -> new Peer(settings, deadlines));
      if (peers.size() > settings.peers()) {
        eldest = peers.pollFirstEntry().getValue();
      }
    }
    if (eldest != null) {
      eldest.forget();
    }
    return peer;
  }

  /** Figures of this moment. */
  public FetcherStats stats() {
    Map<FetchEnd, Long> counted = new EnumMap<>(FetchEnd.class);
    ends.forEach((end, count) -> counted.put(end, count.sum()));
    return new FetcherStats(counted, blocks.sum(), bytes.sum(), connections.sum());
  }

  /** Ends all fetches and closes all connections. */
  @Override
  public void close() {
    links.close();
    deadlines.close();
  }
}
