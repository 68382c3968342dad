package io.sampo.actors.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.sampo.actors.embedding.EmbeddingCall.Inputs;
import io.sampo.actors.embedding.EmbeddingCall.Texts;
import io.sampo.actors.embedding.EmbeddingCall.TokenLists;
import io.sampo.actors.embedding.EmbeddingReply.Embedded;
import io.sampo.actors.embedding.EmbeddingReply.Failed;
import io.sampo.actors.generation.GenerationSettings;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.RequestId;
import io.sampo.engines.simulated.model.SimulatedText;
import io.sampo.engines.spi.FinishReason;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One request for vectors between its asker, a router and replicas that the test plays itself. */
@Timeout(30)
class EmbeddingTest {

  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final ManualTime TIME = ManualTime.get(KIT.system());
  private static final ReplicaId REPLICA = new ReplicaId(new ModelId("m"), 0);
  private static final ServedModel MODEL =
      new ServedModel(new ModelId("m"), List.of(), true, Instant.EPOCH, new SimulatedText(false));

  private final TestProbe<EmbeddingReply> asker = KIT.createTestProbe();
  private final TestProbe<Router.Command> router = KIT.createTestProbe();
  private final TestProbe<Replica.Command> replica = KIT.createTestProbe();
  private final CompletableFuture<Failure> left = new CompletableFuture<>();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private void ask(Inputs inputs, int maxResumes) {
    GenerationSettings attempts =
        new GenerationSettings(
            Duration.ofMillis(500),
            Duration.ofMillis(501),
            64,
            8,
            Duration.ofSeconds(60),
            Duration.ofMinutes(5),
            Duration.ofMillis(200),
            Duration.ZERO,
            Duration.ZERO,
            maxResumes);
    EmbeddingCall call =
        new EmbeddingCall(new RequestId("r"), MODEL.id(), inputs, -7, Duration.ofMinutes(1), left);
    KIT.spawn(
        Embedding.create(
            call,
            MODEL,
            router.ref()::tell,
            asker.ref(),
            new EmbeddingSettings(attempts, 2, 2, 16_384, 20_000)));
  }

  private Replica.Embed place() {
    Router.Place asked = router.expectMessageClass(Router.Place.class);
    asked
        .request()
        .replyTo()
        .tell(
            new Scheduler.Assigned(
                asked.request().sequence(), REPLICA, replica.ref(), null, "least-loaded"));
    return replica.expectMessageClass(Replica.Embed.class);
  }

  private static void answer(Replica.Embed embed, float first) {
    for (int i = 0; i < embed.lengths().length; i++) {
      embed.replyTo().tell(new Replica.Vector(embed.sequence(), i, new float[] {first + i}));
    }
    embed.replyTo().tell(new Replica.Finished(embed.sequence(), FinishReason.STOP, 0));
  }

  private static Texts texts(String... texts) {
    return new Texts(List.of(texts), false);
  }

  @Test
  void partsComeTogetherInTheOrderOfTheInputs() {
    ask(texts("a", "bb", "ccc", "d", "e"), 3);
    Replica.Embed first = place();
    Replica.Embed second = place();
    assertThat(first.lengths()).containsExactly(1, 2);
    assertThat(first.priority()).isEqualTo(-7);
    assertThat(second.promptIds()).containsExactly('c', 'c', 'c', 'd');
    router.expectNoMessage();
    answer(second, 30);
    assertThat(router.expectMessageClass(Router.Release.class).sequence())
        .isEqualTo(second.sequence());
    answer(place(), 50);
    router.expectMessageClass(Router.Release.class);
    answer(first, 10);
    Embedded embedded = asker.expectMessageClass(Embedded.class);
    assertThat(embedded.vectors()).isDeepEqualTo(new float[][] {{10}, {11}, {30}, {31}, {50}});
    assertThat(embedded.tokens()).isEqualTo(8);
    assertThat(embedded.replica()).isEqualTo(REPLICA);
  }

  @Test
  void aPartIsPlacedAgainWhereItsReplicaBrokeAndOldWordsOfItAreDropped() {
    ask(texts("a", "b"), 3);
    Replica.Embed broken = place();
    broken.replyTo().tell(new Replica.Broken(broken.sequence()));
    replica.expectMessageClass(Replica.Cancel.class);
    router.expectMessageClass(Router.Release.class);
    TIME.timePasses(Duration.ofMillis(200));
    Replica.Embed again = place();
    assertThat(again.sequence().epoch()).isEqualTo(1);
    answer(broken, 99);
    answer(again, 1);
    assertThat(asker.expectMessageClass(Embedded.class).vectors())
        .isDeepEqualTo(new float[][] {{1}, {2}});
  }

  @Test
  void anEndWithoutAllVectorsIsNoEnd() {
    ask(texts("a", "b"), 3);
    Replica.Embed lost = place();
    lost.replyTo().tell(new Replica.Vector(lost.sequence(), 0, new float[] {1}));
    lost.replyTo().tell(new Replica.Vector(lost.sequence(), 7, new float[] {1}));
    lost.replyTo().tell(new Replica.Finished(lost.sequence(), FinishReason.STOP, 0));
    assertThat(replica.expectMessageClass(Replica.Cancel.class).sequence())
        .isEqualTo(lost.sequence());
    asker.expectNoMessage();
  }

  @Test
  void aReplicaThatFallsSilentTooOftenFailsTheRequest() {
    ask(texts("a"), 0);
    place();
    asker.awaitAssert(
        Duration.ofSeconds(10),
        () -> {
          TIME.timePasses(Duration.ofMillis(500));
          return assertThat(
                  asker.expectMessageClass(Failed.class, Duration.ofMillis(100)).failure().code())
              .isEqualTo(ErrorCode.INTERNAL_ERROR);
        });
  }

  @Test
  void whoLeavesFreesThePlace() {
    ask(texts("a", "b", "c"), 3);
    Replica.Embed first = place();
    place();
    left.complete(Failure.readerStalled());
    asker.expectMessageClass(Failed.class);
    assertThat(replica.expectMessageClass(Replica.Cancel.class).sequence())
        .isEqualTo(first.sequence());
    router.expectMessageClass(Router.Release.class);
    replica.expectMessageClass(Replica.Cancel.class);
    router.expectMessageClass(Router.Release.class);
  }

  @Test
  void theDeadlineEndsItWhereverItIs() {
    ask(texts("a"), 3);
    router.expectMessageClass(Router.Place.class);
    TIME.timePasses(Duration.ofMinutes(1));
    assertThat(asker.expectMessageClass(Failed.class).failure().code())
        .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    router.expectMessageClass(Router.Release.class);
  }

  @Test
  void aTooLongInputIsNamedWithBothNumbers() {
    ask(texts("a", "bbbb"), 3);
    Router.Place asked = router.expectMessageClass(Router.Place.class);
    assertThat(asked.request().neededTokens()).isEqualTo(4);
    asked
        .request()
        .replyTo()
        .tell(
            new Scheduler.Refused(asked.request().sequence(), Failure.contextLengthExceeded(3, 4)));
    Failure failure = asker.expectMessageClass(Failed.class).failure();
    assertThat(failure.param()).isEqualTo("input[1]");
    assertThat(failure.message()).contains("3 tokens").contains("needs 4");
  }

  @Test
  void inputsAreCheckedBeforeAnybodyElseSeesThem() {
    ask(new TokenLists(List.of(new int[] {5}, new int[] {-1}), false), 3);
    assertThat(asker.expectMessageClass(Failed.class).failure())
        .isEqualTo(Failure.invalidTokenId("input[1]", -1, MODEL.text().vocabularySize()));
    ask(texts("a", ""), 3);
    assertThat(asker.expectMessageClass(Failed.class).failure())
        .isEqualTo(Failure.emptyPrompt("input[1]"));
    ask(new Texts(Collections.nCopies(3, "x".repeat(9_000)), false), 3);
    assertThat(asker.expectMessageClass(Failed.class).failure().message())
        .contains("all inputs together may have 20000 tokens");
    router.expectNoMessage();
  }

  @Test
  void aLongInputTravelsInPieces() {
    ask(new Texts(List.of("y".repeat(18_000)), true), 3);
    Replica.Embed embed = place();
    assertThat(embed.promptTokens()).isEqualTo(18_000);
    assertThat(embed.promptIds()).hasSize(16_384);
    Replica.PromptPiece rest = replica.expectMessageClass(Replica.PromptPiece.class);
    assertThat(rest.offset()).isEqualTo(16_384);
    assertThat(rest.ids()).hasSize(18_000 - 16_384);
  }

  @Test
  void theDefaultsAreInTheReference() {
    EmbeddingSettings settings = EmbeddingSettings.from(ConfigFactory.load());
    assertThat(settings.partsAtOnce()).isEqualTo(4);
    assertThat(settings.partInputs()).isEqualTo(64);
    assertThat(settings.partTokens()).isEqualTo(16_384);
    assertThat(settings.maxTokens()).isEqualTo(1_000_000);
  }
}
