package io.sampo.cluster.kv;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.sampo.actors.replica.CacheUse;
import io.sampo.actors.replica.EngineKv;
import io.sampo.actors.replica.SequenceKv;
import io.sampo.actors.wire.KvHint;
import io.sampo.cluster.StoriesModel;
import io.sampo.cluster.kv.PeerProxy.Fault;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.KvScope;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TokenLogprobs;
import io.sampo.kvcache.transfer.ClusterSecret;
import io.sampo.kvcache.transfer.FetchEnd;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * One node has computed a text of the default model, others are told to fetch it: over a sound way,
 * and over every kind of broken one. The answer is always the same.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class FetchFaultsTest {

  private static final ClusterSecret SECRET = ClusterSecret.of(new byte[ClusterSecret.BYTES]);
  private static final int BLOCK_TOKENS = 32;
  private static final int BLOCKS = 6;

  private static final int[] TEXT = text(7);

  private static Node holder;
  private static Answer expected;

  private @Nullable Node node;

  /** Six blocks and a few tokens; two texts have no beginning in common. */
  private static int[] text(int step) {
    return IntStream.rangeClosed(1, BLOCK_TOKENS * BLOCKS + 4)
        .map(i -> 300 + step * i % 900)
        .toArray();
  }

  /** What an engine said to a text. */
  private record Answer(int cached, String ids) {}

  private static final class Node implements AutoCloseable {

    private final ActorSystem<Void> system =
        ActorSystem.create(
            Behaviors.empty(),
            "faults",
            ConfigFactory.parseString("pekko.actor.provider = local")
                .withFallback(ConfigFactory.load()));
    private final Engine engine;
    private final TieredKv kv;
    private final EngineKv own;

    Node() throws Exception {
      EngineProvider provider =
          ServiceLoader.load(EngineProvider.class).stream()
              .map(ServiceLoader.Provider::get)
              .filter(one -> one.name().equals("llamacpp"))
              .findFirst()
              .orElseThrow();
      Path file = StoriesModel.file();
      engine =
          provider.load(
              file,
              new EngineSettings(0, 2, 1, 0, KvType.F16, FlashAttention.AUTO, false, Map.of()));
      kv = TieredKv.open(new KvSettings(32 << 20, 0, null), SECRET, system.settings().config());
      kv.exchange(system, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null);
      own = kv.serve(engine);
      Awaitility.await().until(() -> own.offer() != null);
    }

    InetSocketAddress address() {
      var store = Objects.requireNonNull(Objects.requireNonNull(own.offer()).store());
      return new InetSocketAddress(InetAddress.getLoopbackAddress(), store.port());
    }

    /** As a replica does it. */
    Answer answer(int[] text, @Nullable KvHint hint) throws Exception {
      SequenceKv sequence = own.begin(new CacheUse(KvScope.COMMON, hint), text);
      sequence.ready().get(20, TimeUnit.SECONDS);
      Collected collected = new Collected();
      engine.submit(
          new SequenceRequest(new SequenceId(System.nanoTime()), text, 0, 20, 20, Sampling.GREEDY),
          collected);
      Answer answer = collected.answer.get(1, TimeUnit.MINUTES);
      sequence.computed(text);
      return answer;
    }

    long ends(FetchEnd end) {
      ExchangeFigures exchange = Objects.requireNonNull(kv.figures().exchange());
      return exchange.fetched().ends().getOrDefault(end, 0L);
    }

    @Override
    public void close() {
      engine.close();
      kv.close();
      system.terminate();
    }
  }

  private static final class Collected implements SequenceListener {
    private final CompletableFuture<Answer> answer = new CompletableFuture<>();
    private final StringBuilder ids = new StringBuilder();
    private int cached;

    @Override
    public void onStarted(int cachedTokens) {
      cached = cachedTokens;
    }

    @Override
    public void onTokens(int firstIndex, int[] some, TokenLogprobs @Nullable [] logprobs) {
      for (int id : some) {
        ids.append(id).append(' ');
      }
    }

    @Override
    public void onFinished(FinishReason reason) {
      answer.complete(new Answer(cached, ids.toString()));
    }

    @Override
    public void onFailed(EngineException failure) {
      answer.completeExceptionally(failure);
    }
  }

  @BeforeAll
  static void compute() throws Exception {
    holder = new Node();
    expected = holder.answer(TEXT, null);
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> holder.kv.figures().store().host().blocks() >= BLOCKS);
  }

  @AfterAll
  static void stop() {
    holder.close();
  }

  @AfterEach
  void close() {
    if (node != null) {
      node.close();
    }
  }

  private Node other() throws Exception {
    Node made = new Node();
    node = made;
    return made;
  }

  private static KvHint hint(int port, int blocks) {
    return new KvHint("127.0.0.1", port, blocks);
  }

  @Test
  void anotherNodesBlocksSpareComputingAndStay() throws Exception {
    Node other = other();
    assertThat(expected.cached()).isZero();
    assertThat(other.answer(TEXT, hint(holder.address().getPort(), BLOCKS)))
        .isEqualTo(new Answer(BLOCKS * BLOCK_TOKENS, expected.ids()));
    assertThat(other.kv.figures().store().host().blocks()).isEqualTo(BLOCKS);
    assertThat(other.ends(FetchEnd.COMPLETE)).isEqualTo(1);
  }

  @Test
  void aHintThatPromisesTooMuchOrLeadsNowhereCostsTimeOnly() throws Exception {
    Node other = other();
    assertThat(other.answer(TEXT, new KvHint("no-address", 9, BLOCKS))).isEqualTo(expected);
    assertThat(other.answer(text(11), hint(holder.address().getPort(), BLOCKS)).cached()).isZero();
    assertThat(other.ends(FetchEnd.NOT_HELD)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"CUT, 60000", "CUT, 0", "STALL, 60000", "THROTTLE, 0", "CHANGE, 60000"})
  void whateverTheWayDoesTheAnswerIsRightAndInTime(Fault fault, long from) throws Exception {
    Node other = other();
    // So that it knows what computing takes.
    other.answer(text(11), null);
    try (PeerProxy proxy = new PeerProxy(holder.address(), fault, from)) {
      assertThat(other.answer(TEXT, hint(proxy.port(), BLOCKS))).isEqualTo(expected);
    }
    assertThat(other.ends(FetchEnd.COMPLETE)).isZero();
  }
}
