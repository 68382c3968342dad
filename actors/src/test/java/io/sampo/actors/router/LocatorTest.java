package io.sampo.actors.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.holder.EventLog;
import io.sampo.actors.holder.Holder;
import io.sampo.actors.holder.StoreAddress;
import io.sampo.actors.replica.KvCounters;
import io.sampo.actors.replica.KvOffer;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.scheduler.Located;
import io.sampo.actors.scheduler.Located.Held;
import io.sampo.actors.scheduler.Located.Source;
import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.engines.spi.EngineStats;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.EventStream;
import io.sampo.kvcache.event.Tier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A router's locator and the holders of nodes, with a network between that may lose what it likes.
 */
class LocatorTest {

  private static final ReplicaId A = new ReplicaId(new ModelId("m"), 0);
  private static final ReplicaId B = new ReplicaId(new ModelId("m"), 1);
  private static final Duration ASK_AGAIN = Duration.ofSeconds(10);
  private static final KvLayout LAYOUT =
      new KvLayout(
          ModelFingerprint.of("engine", List.of()),
          KvFormat.F16,
          KvFormat.F16,
          List.of(64),
          List.of(64),
          32);

  private final TestInbox<Holder.Told> self = TestInbox.create();
  private final TestInbox<Replica.Command> replica = TestInbox.create();
  private final Locator locator = new Locator(100_000, ASK_AGAIN, self.getRef());
  private final Node a = new Node("a", 1000);
  private final Node b = new Node("b", 1000);
  private long now;

  @AfterEach
  void close() {
    locator.close();
  }

  /** The store of a node, which holds the first so many blocks of one chain, and its holder. */
  private static final class Node {

    private final String host;
    private final EventStream stream = new EventStream(5);
    private final EventLog log;
    private final BehaviorTestKit<Holder.Command> holder;
    private int blocks;

    Node(String host, int logBlocks) {
      this.host = host;
      log = new EventLog(logBlocks);
      holder = BehaviorTestKit.create(Holder.create(log, this::snapshot));
    }

    void store(int more) {
      log.add(List.of(stream.stored(Tier.HOST, chain(blocks, blocks + more), true)));
      blocks += more;
    }

    void drop(int some) {
      log.add(List.of(stream.removed(Tier.HOST, chain(blocks - some, blocks), true)));
      blocks -= some;
    }

    BlockSnapshot snapshot() {
      return stream.snapshot(Map.of(Tier.HOST, chain(0, blocks)), true);
    }

    StoreAddress address() {
      return new StoreAddress(holder.getRef(), host, 7);
    }
  }

  private static long[] chain(int from, int to) {
    return LongStream.range(2L * from, 2L * to).map(i -> 77 + i).toArray();
  }

  @Test
  void aPromptIsLocatedInAnEngineInItsNodesStoreAndForOthersToFetch() {
    a.store(6);
    report(A, a);
    report(B, b);
    deliver();
    locator.placed(A, chain(0, 2));

    Located located = locator.locate(chain(0, 9), B);

    assertThat(located)
        .isEqualTo(
            new Located(
                32,
                Map.of(A, new Held(2, 6, 6)),
                List.of(new Source(new KvHint("a", 7, 6), Set.of(A))),
                B));
  }

  @Test
  void theStoreOfALostNodeAndItsEngineAreForgottenAtOnce() {
    a.store(6);
    report(A, a);
    deliver();
    locator.placed(A, chain(0, 2));
    locator.withdraw(A);

    report(B, b);
    deliver();
    assertThat(locator.locate(chain(0, 9), null).held()).isEmpty();
    assertThat(locator.locate(chain(0, 9), null).sources()).isEmpty();
  }

  @Test
  void whoHasMissedTooMuchGetsAllOfItInPieces() {
    report(A, a);
    deliver();
    a.store(4000);
    a.store(4000);
    a.store(4000);
    deliver();

    assertThat(locator.locate(chain(0, 12_001), null).held())
        .isEqualTo(Map.of(A, new Held(0, 12_000, 12_000)));
  }

  /** A third of all messages is lost; once nothing is lost any more, all of it is known. */
  @Test
  void nothingStaysWrongWhateverTheNetworkLoses() {
    Random random = new Random(7);
    report(A, a);
    for (int round = 0; round < 2000; round++) {
      if (a.blocks > 0 && random.nextInt(3) == 0) {
        a.drop(1 + random.nextInt(a.blocks));
      } else {
        a.store(1 + random.nextInt(400));
      }
      deliver(random, 3);
      now += ASK_AGAIN.toNanos() / 4;
      report(A, a);
    }
    now += 2 * ASK_AGAIN.toNanos();
    report(A, a);
    deliver();

    assertThat(locator.locate(chain(0, a.blocks + 1), null).held())
        .isEqualTo(Map.of(A, new Held(0, a.blocks, a.blocks)));
  }

  private void report(ReplicaId id, Node node) {
    EngineStats stats = new EngineStats(0, 0, 0, 0, 3200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    locator.heard(
        new Replica.Report(
            id,
            replica.getRef(),
            Replica.State.READY,
            null,
            stats,
            List.of(),
            new KvOffer(LAYOUT, node.address(), 0, 0, 0, KvCounters.NONE),
            0,
            null),
        now);
  }

  private void deliver() {
    deliver(new Random(0), 0);
  }

  /** Delivers until nothing is on its way. */
  private void deliver(Random random, int lossOf) {
    boolean moved = true;
    while (moved) {
      moved = false;
      for (Node node : List.of(a, b)) {
        for (Holder.Command question : new ArrayList<>(node.holder.selfInbox().getAllReceived())) {
          moved = true;
          boolean travels = question instanceof Holder.Follow || question instanceof Holder.More;
          if (!travels || !lost(random, lossOf)) {
            node.holder.run(question);
          }
        }
      }
      for (Holder.Told told : self.getAllReceived()) {
        moved = true;
        if (!lost(random, lossOf)) {
          locator.told(told, now);
        }
      }
    }
  }

  private static boolean lost(Random random, int lossOf) {
    return lossOf > 0 && random.nextInt(lossOf) == 0;
  }
}
