package io.sampo.actors.serializer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.actors.agent.NodeAgent;
import io.sampo.actors.generation.Generation;
import io.sampo.actors.holder.Holder;
import io.sampo.actors.holder.StoreAddress;
import io.sampo.actors.placement.Desired;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.replica.CacheUse;
import io.sampo.actors.replica.KvCounters;
import io.sampo.actors.replica.KvOffer;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.ReplicaRates;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.scheduler.SchedulerStats;
import io.sampo.actors.standby.Standby;
import io.sampo.actors.standby.StreamRecord;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.KvScope;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.TokenLogprobs;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import io.sampo.kvcache.event.AllBlocksCleared;
import io.sampo.kvcache.event.BlockRemoved;
import io.sampo.kvcache.event.BlockStored;
import io.sampo.kvcache.event.Tier;
import java.io.NotSerializableException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class KryoSerializerTest {

  private static final ActorTestKit KIT = ActorTestKit.create();
  private static final Serialization SERIALIZATION = SerializationExtension.get(KIT.system());

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private final SequenceKey key = new SequenceKey("generation", 1, 2);
  private final ReplicaId replica = new ReplicaId(new ModelId("model"), 3);
  private final TestProbe<Replica.Event> events = KIT.createTestProbe();
  private final TestProbe<Replica.Command> replicas = KIT.createTestProbe();
  private final TestProbe<Scheduler.Reply> replies = KIT.createTestProbe();
  private final TestProbe<Replica.AdapterSettled> settled = KIT.createTestProbe();
  private final TestProbe<Placement.Adapters> adapters = KIT.createTestProbe();
  private final TestProbe<Holder.Command> holder = KIT.createTestProbe();
  private final TestProbe<Holder.Told> followers = KIT.createTestProbe();
  private final TestProbe<Router.Inspected> inspected = KIT.createTestProbe();
  private final TestProbe<Router.Rebound> rebound = KIT.createTestProbe();
  private final TestProbe<NodeAgent.Told> told = KIT.createTestProbe();
  private final TestProbe<Router.Description> descriptions = KIT.createTestProbe();
  private final TestProbe<Placement.Ordered> ordered = KIT.createTestProbe();
  private final TestProbe<Placement.Described> described = KIT.createTestProbe();
  private final TestProbe<Standby.Note> notes = KIT.createTestProbe();
  private final TestProbe<Standby.Claimed> claims = KIT.createTestProbe();

  private List<WireMessage> samples() {
    Desired.Target target = new Desired.Target(Desired.Kind.REPLICA, "model#3");
    Desired desired =
        new Desired(
            9,
            List.of(
                new ModelSpec(
                    new ModelId("model"), "simulated", "none", EngineSettings.DEFAULTS, 2)),
            List.of(new Desired.Drained(target, 30_000, false, "drain-3")),
            List.of(new Desired.Seat(replica, "10.0.0.1:7355#7", true)),
            List.of(
                new Desired.Operation(
                    "drain-3", Desired.Verb.DRAIN, target, "", Desired.Progress.RUNNING, 5, 0)));
    Placement.NodeOffer offer =
        new Placement.NodeOffer(
            "10.0.0.1:7355#7", 8, 1L << 33, 1L << 34, "L4", 24L << 30, Map.of("zone", "b"));
    StreamRecord record = new StreamRecord("s", "{}", 1, List.of(new int[] {1, 2}));
    Sampling sampling =
        new Sampling(
            0.8f,
            40,
            0.95f,
            0.05f,
            1f,
            1.1f,
            64,
            0.5f,
            -0.5f,
            -7L,
            2,
            new int[] {5, 9},
            new float[] {1f, -100f},
            true,
            3,
            new Grammar(
                "root ::= \"x\"",
                true,
                List.of("<call>"),
                List.of("^to"),
                new int[] {7},
                new int[] {1, 2}));
    Replica.Report report =
        new Replica.Report(
            replica,
            replicas.ref(),
            Replica.State.READY,
            new EngineCapabilities(
                "llamacpp", false, "none", 2048, 4, 300, 128, true, true, ModelTask.EMBED, 384),
            new EngineStats(1, 2, 3, 4, 5, 6.5, 7.5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17),
            List.of(key),
            new KvOffer(
                new KvLayout(
                    ModelFingerprint.of("engine", List.of("ab".repeat(32))),
                    KvFormat.F16,
                    KvFormat.F16,
                    List.of(64, 64),
                    List.of(32, 32),
                    32),
                new StoreAddress(holder.ref(), "10.0.0.1", 7001),
                1e9,
                0,
                0.5,
                new KvCounters(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)),
            1.5,
            null);
    return List.of(
        new Replica.Load(
            new ModelSpec(
                new ModelId("model"),
                "simulated",
                "/a/file",
                new EngineSettings(
                    512,
                    4,
                    2,
                    0,
                    EngineSettings.KvType.Q8_0,
                    EngineSettings.FlashAttention.ON,
                    true,
                    Map.of("seed", "7")),
                2,
                List.of(new Adapter("sea", "/an/adapter", 0.5f)))),
        new Router.ReplicaDoubted(replica),
        new Placement.EngineNodeLeaves("10.0.0.1:7355#7"),
        new Placement.ReplicaSeen(replica, "10.0.0.1:7355#7", Replica.State.DRAINING, 3),
        new Placement.Drain(target, 30_000, true, ordered.ref()),
        new Placement.Undrain(target, false, ordered.ref()),
        new Placement.Scale(new ModelId("model"), 3, false, ordered.ref()),
        new Placement.Describe(described.ref()),
        new Placement.Ordered(List.of("drains it"), "drain-3", null),
        new Placement.Described(
            desired,
            Map.of("drain-3", "model#3: 2 sequences"),
            Map.of("model", "waits for room"),
            List.of(offer)),
        offer,
        new Placement.LoadModel(desired.models().getFirst(), true, ordered.ref()),
        new Placement.UnloadModel(new ModelId("model"), false, ordered.ref()),
        new Placement.ModelSized(new ModelId("model"), 1L << 32, "a reason"),
        desired,
        new Replica.Drain(30_000),
        new Replica.Undrain(),
        new Replica.Unload(),
        new Replica.LoadAdapter(new Adapter("sea", "/an/adapter", 1), settled.ref()),
        new Replica.UnloadAdapter("sea", settled.ref()),
        new Replica.AdapterSettled(replica, "sea", Failure.adapterNotFound("lora_name", "sea")),
        new Placement.LoadAdapter(
            new ModelId("model"), new Adapter("sea", "/an/adapter", 1), adapters.ref()),
        new Placement.UnloadAdapter(new ModelId("model"), "sea", adapters.ref()),
        new Placement.Adapters(new ModelId("model"), 3, List.of("sea"), null),
        new Replica.Start(
            key,
            "sea",
            5,
            new int[] {1, 70_000, 3},
            1,
            Integer.MAX_VALUE,
            64,
            sampling,
            -100,
            new CacheUse(KvScope.of("a-salt"), new KvHint("10.0.0.2", 7001, 12)),
            events.ref()),
        new Replica.Embed(key, 5, new int[] {1, 70_000, 3}, new int[] {2, 3}, 7, events.ref()),
        new Replica.Vector(key, 63, new float[] {0.5f, -0.25f, Float.MIN_VALUE}),
        new Replica.PromptPiece(key, 3, new int[] {4, 5}),
        new Replica.Allow(key, 128),
        new Replica.Cancel(key),
        new Replica.GenerationAlive(key),
        new Replica.Begun(key, 17),
        new Replica.Tokens(
            key,
            4,
            new int[] {8, 9},
            new TokenLogprobs[] {
              new TokenLogprobs(-0.5f, new int[] {8}, new float[] {-0.5f}),
              new TokenLogprobs(-1f, new int[0], new float[0])
            }),
        new Replica.Finished(key, FinishReason.LENGTH, 7),
        new Replica.Declined(key),
        new Replica.Rejected(key, "a reason with ü"),
        new Replica.Broken(key),
        new Replica.Alive(key),
        new Router.Place(
            new PlacementRequest(
                key,
                "session",
                100,
                20,
                new long[] {-1, Long.MAX_VALUE},
                100,
                ServiceClass.BATCH,
                5_000,
                replies.ref())),
        new Router.Release(key),
        new Router.ReplicaReported(report),
        new Router.Describe(descriptions.ref()),
        new Router.Description(new ModelId("model"), List.of(report)),
        new Scheduler.Assigned(
            key, replica, replicas.ref(), new KvHint("10.0.0.2", 7001, 12), "session"),
        new Holder.Follow(followers.ref(), -1, 7),
        new Holder.More(followers.ref(), 3, 9, 1),
        new Holder.Happened(
            holder.ref(),
            List.of(
                new BlockStored(3, 7, Tier.HOST, new long[] {1, -2, 3, 4}, true),
                new BlockRemoved(3, 8, Tier.DISK, new long[] {1, 2}, false),
                new AllBlocksCleared(3, 9))),
        new Holder.Piece(holder.ref(), 3, 9, true, 1, 2, Tier.DISK, new long[] {5, 6}),
        new Router.Inspect(100, inspected.ref()),
        new Router.Inspected(
            new ModelId("model"),
            new SchedulerStats(
                3,
                256,
                1200,
                7,
                1.5,
                List.of(new SchedulerStats.Decisions("affinity session", 5)),
                List.of(new ReplicaRates(replica, 1, 4, 7, 10, 0.5, 2, 4, 3.5, 0.3))),
            2,
            Map.of("a session", "model#0")),
        new Router.Rebind("a session", replica, rebound.ref()),
        new Router.Rebound(replica, null),
        new NodeAgent.Ask("requests", "{}", told.ref()),
        new NodeAgent.Told("[]", null),
        new Standby.Copy(record, 60_000, notes.ref()),
        new Standby.Extend("s", 1, 0, 2, new int[] {3}),
        new Standby.Rest("s", 1),
        new Standby.Claim("s", claims.ref()),
        new Standby.Claimed("s", record),
        new Standby.Quarantined(-3),
        new Standby.Note.Kept(0, 3),
        new Standby.Note.Alone(),
        new Standby.Note.Superseded(),
        new Scheduler.Refused(key, Failure.contextLengthExceeded(256, 300)));
  }

  @Test
  void everyMessageComesBackAsItWas() throws NotSerializableException {
    for (WireMessage sample : samples()) {
      WireMessage copy = decode(manifest(sample), encode(sample));

      assertThat(copy).usingRecursiveComparison().isEqualTo(sample);
    }
  }

  @Test
  void everyWireMessageOfEveryActorHasASample() {
    Set<Class<?>> sampled = samples().stream().map(Object::getClass).collect(Collectors.toSet());
    Set<Class<?>> declared =
        Stream.of(
                Replica.Command.class,
                Replica.Event.class,
                Router.Command.class,
                Scheduler.Command.class,
                Scheduler.Reply.class,
                Generation.Command.class,
                Placement.Command.class,
                Holder.Command.class,
                NodeAgent.Command.class,
                Standby.Command.class,
                Standby.Claimed.class,
                Standby.Note.class,
                Holder.Told.class)
            .flatMap(KryoSerializerTest::leaves)
            .filter(WireMessage.class::isAssignableFrom)
            .collect(Collectors.toSet());

    assertThat(sampled).containsAll(declared);
    assertThat(Set.<Class<?>>copyOf(WireRegistry.MESSAGES.values())).isEqualTo(sampled);
  }

  /** The bytes of a release are read by the next one, so they do not change by accident. */
  @Test
  void theBytesOfAMessageStayTheSame() throws NotSerializableException {
    String golden = "08010208090001020401" + "0a67656e65726174696f6e";

    assertThat(HexFormat.of().formatHex(encode(new Replica.Tokens(key, 4, new int[] {8, 9}, null))))
        .isEqualTo(golden);
  }

  @Test
  void anUnknownManifestIsRefused() {
    assertThatThrownBy(() -> decode("zz9", new byte[] {1}))
        .isInstanceOf(NotSerializableException.class);
  }

  /**
   * A peer's bytes are hostile: whatever is broken, the answer is a refusal, at once and without a
   * large allocation.
   */
  @Test
  void brokenBytesAreRefusedAndNothingElse() {
    Random random = new Random(1);
    for (WireMessage sample : samples()) {
      byte[] good = encode(sample);
      for (int round = 0; round < 500; round++) {
        byte[] bad =
            random.nextInt(4) == 0
                ? Arrays.copyOf(good, random.nextInt(good.length + 1))
                : good.clone();
        for (int flips = random.nextInt(4); flips > 0 && bad.length > 0; flips--) {
          bad[random.nextInt(bad.length)] = (byte) random.nextInt();
        }
        try {
          decode(manifest(sample), bad);
        } catch (NotSerializableException refused) {
          assertThat(refused).hasMessageStartingWith("broken message");
        }
      }
    }
  }

  @Test
  void aClaimOfTwoBillionElementsAllocatesNothing() {
    byte[] claim = HexFormat.of().parseHex("01ffffffff07");

    assertThatThrownBy(() -> decode("rP1", claim))
        .isInstanceOf(NotSerializableException.class)
        .hasStackTraceContaining("declares 2147483647 elements");
  }

  private static byte[] encode(WireMessage message) {
    return SERIALIZATION.serialize(message).get();
  }

  private static String manifest(WireMessage message) {
    return Serializers.manifestFor(SERIALIZATION.findSerializerFor(message), message);
  }

  private WireMessage decode(String manifest, byte[] bytes) throws NotSerializableException {
    int identifier = SERIALIZATION.findSerializerFor(new Replica.Alive(key)).identifier();
    try {
      return (WireMessage) SERIALIZATION.deserialize(bytes, identifier, manifest).get();
    } catch (Exception failure) {
      if (failure instanceof NotSerializableException refused) {
        throw refused;
      }
      throw new AssertionError("not a refusal", failure);
    }
  }

  private static Stream<Class<?>> leaves(Class<?> type) {
    return type.isSealed()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(KryoSerializerTest::leaves)
        : Stream.of(type);
  }
}
