package io.sampo.actors.generation;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.sampo.actors.attempt.Attempt;
import io.sampo.actors.generation.GenerationEvent.Admitted;
import io.sampo.actors.generation.GenerationEvent.ChoiceFinished;
import io.sampo.actors.generation.GenerationEvent.Completed;
import io.sampo.actors.generation.GenerationEvent.Delta;
import io.sampo.actors.generation.GenerationEvent.Failed;
import io.sampo.actors.generation.GenerationEvent.Reason;
import io.sampo.actors.generation.GenerationEvent.Started;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.actors.generation.GenerationEvent.Usage;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.standby.Standby;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.RequestId;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.engines.simulated.model.SimulatedText;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.KvScope;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.TokenLogprobs;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One generation between a reader, a router and replicas that the test plays itself. */
@Timeout(30)
class GenerationTest {

  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final ManualTime TIME = ManualTime.get(KIT.system());
  private static final ReplicaId REPLICA = new ReplicaId(new ModelId("sim"), 0);
  private static final ServedModel MODEL =
      new ServedModel(new ModelId("sim"), List.of(), true, Instant.EPOCH, new SimulatedText(false));

  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final TestProbe<GenerationEvent> reader = KIT.createTestProbe();
  private final TestProbe<Router.Command> router = KIT.createTestProbe();
  private final List<Long> condemned = new CopyOnWriteArrayList<>();
  private final Suspects suspects = new Suspects(MINUTE, System::nanoTime, condemned::add);
  private final TestProbe<Standby.Command> standby = KIT.createTestProbe();
  private final TestProbe<Replica.Command> replica = KIT.createTestProbe();

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void aRequestGoesFromItsPromptToOneTerminalEvent() {
    Replica.Start start = begun(request("hello", 1, List.of(), MINUTE));
    tokens(start, 0, "good ");
    tokens(start, 5, "day");
    start.replyTo().tell(new Replica.Finished(start.sequence(), FinishReason.STOP, 8));

    assertThat(reader.expectMessageClass(Started.class).promptTokens())
        .isEqualTo(start.promptTokens());
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("good ");
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("day");
    assertThat(reader.expectMessageClass(ChoiceFinished.class).reason()).isEqualTo(Reason.STOP);
    assertThat(reader.expectMessageClass(Completed.class).usage().completionTokens()).isEqualTo(8);
    assertThat(router.expectMessageClass(Router.Release.class).sequence())
        .isEqualTo(start.sequence());
  }

  @Test
  void anAnswerGoesOnElsewhereWhereItsReplicaBroke() {
    Replica.Start first = begun(request("hello", 1, List.of(), MINUTE));
    tokens(first, 0, "abc");
    reader.expectMessageClass(Started.class);
    reader.expectMessageClass(Delta.class);
    first.replyTo().tell(new Replica.Broken(first.sequence()));
    replica.expectMessageClass(Replica.Cancel.class);
    router.expectMessageClass(Router.Release.class);
    TIME.timePasses(Duration.ofMillis(500));

    Replica.Start second = place();
    assertThat(second.sequence().epoch()).isEqualTo(first.sequence().epoch() + 1);
    assertThat(second.firstIndex()).isEqualTo(3);
    assertThat(second.promptTokens()).isEqualTo(first.promptTokens() + 3);
    begin(second);
    tokens(first, 3, "STALE");
    tokens(second, 3, "def");
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("def");
  }

  @Test
  void aReplicaThatFallsSilentHasLostTheAnswer() {
    GenerationSettings impatient =
        new GenerationSettings(
            Duration.ofMillis(500),
            Duration.ofMillis(501),
            16,
            64,
            Duration.ofSeconds(60),
            Duration.ofMinutes(5),
            Duration.ofMillis(200),
            Duration.ZERO,
            Duration.ZERO,
            0);
    start(request("hello", 1, List.of(), MINUTE), 100, impatient);
    begin(place());
    reader.expectMessageClass(Started.class);

    reader.awaitAssert(
        Duration.ofSeconds(10),
        () -> {
          TIME.timePasses(Duration.ofMillis(500));
          return assertThat(
                  reader.expectMessageClass(Failed.class, Duration.ofMillis(100)).failure().code())
              .isEqualTo(ErrorCode.INTERNAL_ERROR);
        });
    router.expectMessageClass(Router.ReplicaDoubted.class);
  }

  @Test
  void anAnswerThatWasCompleteWhenItsReplicaBrokeIsNotPlacedAgain() {
    Replica.Start start = begun(request("hello", 1, List.of(), MINUTE, 3));
    tokens(start, 0, "abc");
    start.replyTo().tell(new Replica.Broken(start.sequence()));

    reader.expectMessageClass(Started.class);
    reader.expectMessageClass(Delta.class);
    assertThat(reader.expectMessageClass(ChoiceFinished.class).reason()).isEqualTo(Reason.LENGTH);
    reader.expectMessageClass(Completed.class);
  }

  @Test
  void aStreamGoesOnWhereItsClientHasReadTo() {
    KIT.spawn(
        create(
            request("hello", 1, List.of("END"), MINUTE),
            new ResumableStream("s", "origin", 1, List.of(begun("abcE", 2, "ab")), standby.ref())));
    reader.expectMessageClass(Admitted.class);
    Standby.Begin kept = standby.expectMessageClass(Standby.Begin.class);
    assertThat(kept.record().ids().getFirst()).isEqualTo(ids("abcE"));
    Replica.Start start = place();
    assertThat(start.firstIndex()).isEqualTo(4);
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("c");
    begin(start);
    tokens(start, 4, "xE");
    reader.expectMessageClass(Started.class);
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("Ex");
    tokens(start, 6, "ND");
    assertThat(reader.expectMessageClass(ChoiceFinished.class).reason()).isEqualTo(Reason.STOP);
    assertThat(reader.expectMessageClass(Completed.class).usage().completionTokens()).isEqualTo(8);
  }

  @Test
  void anAnswerWhoseTextWasReadWholeIsOnlyEnded() {
    ResumableStream.Begun whole =
        new ResumableStream.Begun(
            ids("abc"), new Bookmark.Mark(3, Reason.STOP, false, List.of(), new int[0]));
    KIT.spawn(
        create(
            request("hello", 1, List.of(), MINUTE),
            new ResumableStream("s", "origin", 1, List.of(whole), standby.ref())));
    reader.expectMessageClass(Admitted.class);
    assertThat(reader.expectMessageClass(ChoiceFinished.class).bookmark()).startsWith("s.3S");
    assertThat(reader.expectMessageClass(Completed.class).usage().completionTokens()).isEqualTo(3);
    router.expectNoMessage();
  }

  @Test
  void aBookmarkHasWhatTheOtherGatewayMayNotHave() {
    KIT.spawn(
        create(
            request("hello", 1, List.of(), MINUTE),
            ResumableStream.fresh("s", "origin", standby.ref())));
    reader.expectMessageClass(Admitted.class);
    Standby.Begin kept = standby.expectMessageClass(Standby.Begin.class);
    Replica.Start start = place();
    begin(start);
    assertThat(reader.expectMessageClass(Started.class).bookmark()).isEqualTo("s.0");
    tokens(start, 0, "abc");
    assertThat(tail(reader.expectMessageClass(Delta.class))).isEqualTo(ids("abc"));
    kept.owner().tell(new Standby.Note.Kept(0, 2));
    tokens(start, 3, "d");
    assertThat(tail(reader.expectMessageClass(Delta.class))).isEqualTo(ids("cd"));
    kept.owner().tell(new Standby.Note.Alone());
    tokens(start, 4, "e");
    assertThat(reader.expectMessageClass(Delta.class).bookmark()).isEqualTo("s.5");
  }

  @Test
  void aTokenThatAClientMadeUpIsNotTaken() {
    ResumableStream.Begun forged =
        new ResumableStream.Begun(
            new int[] {1 << 30}, new Bookmark.Mark(1, null, false, List.of(), new int[] {1 << 30}));
    KIT.spawn(
        create(
            request("hello", 1, List.of(), MINUTE),
            new ResumableStream("s", "origin", 1, List.of(forged), standby.ref())));
    reader.expectMessageClass(Admitted.class);
    assertThat(reader.expectMessageClass(Failed.class).failure().code())
        .isEqualTo(ErrorCode.NOT_RESUMABLE);
  }

  private static int[] tail(Delta delta) {
    return Bookmark.parse(delta.bookmark()).orElseThrow().marks().getFirst().tail();
  }

  private static ResumableStream.Begun begun(String known, int read, String tail) {
    return new ResumableStream.Begun(
        ids(known), new Bookmark.Mark(read, null, false, List.of(), ids(tail)));
  }

  private Behavior<Generation.Command> create(GenerationRequest request, ResumableStream stream) {
    return Generation.create(
        request,
        MODEL,
        message -> router.ref().tell(message),
        new Reader(reader.ref()),
        100,
        stream,
        suspects,
        GenerationSettings.from(ConfigFactory.load()));
  }

  @Test
  void aRequestThatTwoEnginesDiedOfIsNotRunAgain() {
    Replica.Start first = begun(request("poison", 1, List.of(), MINUTE));
    reader.expectMessageClass(Started.class);
    first.replyTo().tell(new Replica.Broken(first.sequence()));
    replica.expectMessageClass(Replica.Cancel.class);
    router.expectMessageClass(Router.Release.class);
    TIME.timePasses(Duration.ofMillis(1700));
    Replica.Start second = place();
    begin(second);
    second.replyTo().tell(new Replica.Broken(second.sequence()));
    assertThat(reader.expectMessageClass(Failed.class).failure().code())
        .isEqualTo(ErrorCode.REQUEST_QUARANTINED);
    assertThat(condemned).hasSize(1);
    replica.expectMessageClass(Replica.Cancel.class);
    router.expectMessageClass(Router.Release.class);

    start(request("poison", 1, List.of(), MINUTE), 100);
    assertThat(reader.expectMessageClass(Failed.class).failure().code())
        .isEqualTo(ErrorCode.REQUEST_QUARANTINED);
    router.expectNoMessage();
    start(request("harmless", 1, List.of(), MINUTE), 100);
    place();
  }

  @Test
  void aRequestThatGotFurtherEachTimeIsNoSuspect() {
    Replica.Start first = begun(request("bystander", 1, List.of(), MINUTE));
    tokens(first, 0, "a");
    first.replyTo().tell(new Replica.Broken(first.sequence()));
    router.expectMessageClass(Router.Release.class);
    replica.expectMessageClass(Replica.Cancel.class);
    TIME.timePasses(Duration.ofMillis(200));
    Replica.Start second = place();
    begin(second);
    tokens(second, 1, "b");
    second.replyTo().tell(new Replica.Broken(second.sequence()));
    router.expectMessageClass(Router.Release.class);
    replica.expectMessageClass(Replica.Cancel.class);
    TIME.timePasses(Duration.ofMillis(200));
    assertThat(place().firstIndex()).isEqualTo(2);
    assertThat(condemned).isEmpty();
  }

  @Test
  void missingTokensAreNeverPaperedOver() {
    Replica.Start start = begun(request("hello", 1, List.of(), MINUTE));
    tokens(start, 0, "ab");
    tokens(start, 3, "d");

    reader.expectMessageClass(Started.class);
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("ab");
    assertThat(replica.expectMessageClass(Replica.Cancel.class).sequence())
        .isEqualTo(start.sequence());
  }

  @Test
  void anEndWhoseLastTokensWereLostIsNoEnd() {
    Replica.Start start = begun(request("hello", 1, List.of(), MINUTE));
    tokens(start, 0, "ab");
    start.replyTo().tell(new Replica.Finished(start.sequence(), FinishReason.STOP, 3));
    router.expectMessageClass(Router.Release.class);
    TIME.timePasses(Duration.ofMillis(500));

    Replica.Start again = place();
    assertThat(again.firstIndex()).isEqualTo(2);
    begin(again);
    tokens(again, 2, "c");
    again.replyTo().tell(new Replica.Finished(again.sequence(), FinishReason.STOP, 3));
    reader.expectMessageClass(Started.class);
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("ab");
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("c");
    assertThat(reader.expectMessageClass(ChoiceFinished.class))
        .isEqualTo(new ChoiceFinished(0, Reason.STOP));
  }

  @Test
  void aTokenThatComesTwiceIsShownOnce() {
    Replica.Start start = begun(request("hello", 1, List.of(), MINUTE));
    tokens(start, 0, "ab");
    tokens(start, 1, "bc");

    reader.expectMessageClass(Started.class);
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("ab");
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("c");
  }

  @Test
  void aStopTextEndsTheAnswerAndItsDecoding() {
    Replica.Start start = begun(request("hello", 1, List.of("END"), MINUTE));
    tokens(start, 0, "the E");
    tokens(start, 5, "ND and more");

    reader.expectMessageClass(Started.class);
    assertThat(reader.expectMessageClass(Delta.class).text()).isEqualTo("the ");
    assertThat(reader.expectMessageClass(ChoiceFinished.class).reason()).isEqualTo(Reason.STOP);
    assertThat(reader.expectMessageClass(Completed.class).usage().completionTokens()).isEqualTo(7);
    replica.expectMessageClass(Replica.Cancel.class);
  }

  @Test
  void aSlowReaderStopsItsOwnDecoding() {
    ActorRef<Generation.Command> generation = start(request("hello", 1, List.of(), MINUTE), 1);
    Replica.Start start = place();
    begin(start);
    reader.expectMessageClass(Started.class);
    tokens(start, 0, "x".repeat(start.tokenLimit()));
    replica.expectNoMessage();
    reader.expectNoMessage();

    generation.tell(new Generation.Grant(1));

    assertThat(reader.expectMessageClass(Delta.class).text()).hasSize(start.tokenLimit());
    assertThat(replica.expectMessageClass(Replica.Allow.class).tokenLimit())
        .isEqualTo(2 * start.tokenLimit());
  }

  @Test
  void everyAnswerOfARequestEndsBeforeTheRequestDoes() {
    start(request("hello", 2, List.of(), MINUTE), 100);
    Replica.Start one = place();
    Replica.Start two = place();
    assertThat(List.of(one.sampling().choice(), two.sampling().choice())).containsExactly(0, 1);
    begin(one);
    begin(two);
    one.replyTo().tell(new Replica.Finished(one.sequence(), FinishReason.LENGTH, 0));
    reader.expectMessageClass(Started.class);
    assertThat(reader.expectMessageClass(ChoiceFinished.class))
        .isEqualTo(new ChoiceFinished(0, Reason.LENGTH));
    reader.expectNoMessage();
    two.replyTo().tell(new Replica.Finished(two.sequence(), FinishReason.STOP, 0));
    reader.expectMessageClass(ChoiceFinished.class);
    reader.expectMessageClass(Completed.class);
  }

  @Test
  void answersToSeveralPromptsAreNumberedPromptByPromptAndSampledAsIfAlone() {
    start(request(List.of("one", "other"), 2, true, List.of(), MINUTE, 3), 100);
    List<Replica.Start> starts = List.of(place(), place(), place(), place());
    assertThat(starts).extracting(start -> start.sequence().choice()).containsExactly(0, 1, 2, 3);
    assertThat(starts).extracting(start -> start.sampling().choice()).containsExactly(0, 1, 0, 1);
    assertThat(starts).extracting(Replica.Start::promptTokens).containsExactly(3, 3, 5, 5);

    Replica.Start third = starts.get(2);
    third.replyTo().tell(new Replica.Begun(third.sequence(), 4));
    tokens(third, 0, "abc");
    third.replyTo().tell(new Replica.Finished(third.sequence(), FinishReason.LENGTH, 3));
    assertThat(reader.expectMessageClass(Started.class).promptTokens()).isEqualTo(8);
    assertThat(reader.expectMessageClass(Delta.class)).isEqualTo(new Delta(2, "other", List.of()));
    assertThat(reader.expectMessageClass(Delta.class)).isEqualTo(new Delta(2, "abc", List.of()));
    assertThat(reader.expectMessageClass(ChoiceFinished.class).choice()).isEqualTo(2);
    for (int i : new int[] {0, 1, 3}) {
      begin(starts.get(i));
      starts
          .get(i)
          .replyTo()
          .tell(new Replica.Finished(starts.get(i).sequence(), FinishReason.STOP, 0));
      reader.expectMessageClass(Delta.class);
      reader.expectMessageClass(ChoiceFinished.class);
    }
    assertThat(reader.expectMessageClass(Completed.class).usage()).isEqualTo(new Usage(8, 4, 3));
  }

  @Test
  void aPromptWhoseChancesAreToldGoesOnBeingToldElsewhere() {
    start(reciting("hello", 1), 100);
    Replica.Start first = place();
    assertThat(first.firstIndex()).isEqualTo(-4);
    begin(first);
    chances(first, -4, "el");
    reader.expectMessageClass(Started.class);
    Delta echo = reader.expectMessageClass(Delta.class);
    assertThat(echo.text()).isEqualTo("hello");
    assertThat(echo.tokens()).extracting(TokenText::logprob).containsExactly(Float.NaN);
    assertThat(reader.expectMessageClass(Delta.class).tokens())
        .extracting(TokenText::text)
        .containsExactly("e", "l");
    first.replyTo().tell(new Replica.Broken(first.sequence()));
    router.expectMessageClass(Router.Release.class);
    replica.expectMessageClass(Replica.Cancel.class);
    TIME.timePasses(Duration.ofMillis(500));

    Replica.Start second = place();
    assertThat(second.firstIndex()).isEqualTo(-2);
    assertThat(second.promptTokens()).isEqualTo(5);
    begin(second);
    chances(second, -2, "lo!");
    Delta rest = reader.expectMessageClass(Delta.class);
    assertThat(rest.text()).isEqualTo("!");
    assertThat(rest.tokens()).extracting(TokenText::text).containsExactly("l", "o", "!");
    second.replyTo().tell(new Replica.Finished(second.sequence(), FinishReason.LENGTH, 1));
    reader.expectMessageClass(ChoiceFinished.class);
    assertThat(reader.expectMessageClass(Completed.class).usage()).isEqualTo(new Usage(5, 0, 1));
  }

  @Test
  void anEchoWithoutTokensNeedsNoReplica() {
    start(request(List.of("one", "other"), 1, true, List.of(), MINUTE, 0), 100);

    assertThat(reader.expectMessageClass(Delta.class)).isEqualTo(new Delta(0, "one", List.of()));
    assertThat(reader.expectMessageClass(ChoiceFinished.class))
        .isEqualTo(new ChoiceFinished(0, Reason.LENGTH));
    assertThat(reader.expectMessageClass(Delta.class)).isEqualTo(new Delta(1, "other", List.of()));
    reader.expectMessageClass(ChoiceFinished.class);
    assertThat(reader.expectMessageClass(Completed.class).usage()).isEqualTo(new Usage(8, 0, 0));
    router.expectNoMessage();
  }

  @Test
  void aRequestWithManyPromptsAsksForAFewPlacesAtATime() {
    start(request(Collections.nCopies(17, "p"), 1, false, List.of(), MINUTE, 3), 100);
    Replica.Start first = place();
    for (int i = 1; i < 16; i++) {
      place();
    }
    router.expectNoMessage();
    begin(first);
    first.replyTo().tell(new Replica.Finished(first.sequence(), FinishReason.STOP, 0));

    router.expectMessageClass(Router.Release.class);
    assertThat(router.expectMessageClass(Router.Place.class).request().sequence().choice())
        .isEqualTo(16);
  }

  @Test
  void aFullModelRefusesARequestAtItsBeginningOnly() {
    start(request("hello", 2, List.of(), MINUTE), 100);
    begin(place());
    reader.expectMessageClass(Started.class);
    refuse(ErrorCode.OVERLOADED);
    router.expectMessageClass(Router.Release.class);
    reader.expectNoMessage();
    TIME.timePasses(Duration.ofSeconds(1));
    refuse(ErrorCode.NO_CAPACITY);

    assertThat(reader.expectMessageClass(Failed.class).failure().code())
        .isEqualTo(ErrorCode.NO_CAPACITY);
  }

  @Test
  void aClientThatLeavesFreesItsSequence() {
    ActorRef<Generation.Command> generation = start(request("hello", 1, List.of(), MINUTE), 100);
    Replica.Start start = place();
    begin(start);
    generation.tell(new Generation.HangUp());

    assertThat(replica.expectMessageClass(Replica.Cancel.class).sequence())
        .isEqualTo(start.sequence());
    assertThat(router.expectMessageClass(Router.Release.class).sequence())
        .isEqualTo(start.sequence());
    router.expectTerminated(generation);
  }

  @Test
  void aPassedDeadlineSaysInWhichStageItPassed() {
    start(request("hello", 1, List.of(), Duration.ofSeconds(3)), 100);
    router.expectMessageClass(Router.Place.class);
    TIME.timePasses(Duration.ofSeconds(3));

    assertThat(reader.expectMessageClass(Failed.class).failure())
        .isEqualTo(Failure.deadlineExceeded(3_000, "queue"));
  }

  @Test
  void aLongPromptTravelsInPieces() {
    start(request("p".repeat(40_000), 1, List.of(), MINUTE), 100);
    Replica.Start start = place();

    assertThat(start.promptTokens()).isGreaterThanOrEqualTo(40_000);
    assertThat(start.promptIds()).hasSize(Attempt.PIECE_TOKENS);
    Replica.PromptPiece second = replica.expectMessageClass(Replica.PromptPiece.class);
    Replica.PromptPiece third = replica.expectMessageClass(Replica.PromptPiece.class);
    assertThat(second.offset()).isEqualTo(Attempt.PIECE_TOKENS);
    assertThat(third.offset() + third.ids().length).isEqualTo(start.promptTokens());
  }

  @Test
  void anEmptyPromptIsRefusedBeforeAnythingIsPlaced() {
    start(request("", 1, List.of(), MINUTE), 100);

    assertThat(reader.expectMessageClass(Failed.class).failure().code())
        .isEqualTo(ErrorCode.EMPTY_PROMPT);
    router.expectNoMessage();
  }

  private ActorRef<Generation.Command> start(GenerationRequest request, int credit) {
    return start(request, credit, GenerationSettings.from(ConfigFactory.load()));
  }

  private ActorRef<Generation.Command> start(
      GenerationRequest request, int credit, GenerationSettings settings) {
    KIT.spawn(
        Generation.create(
            request,
            MODEL,
            message -> router.ref().tell(message),
            new Reader(reader.ref()),
            credit,
            null,
            suspects,
            settings));
    return reader.expectMessageClass(Admitted.class).generation();
  }

  private static GenerationRequest request(
      String prompt, int choices, List<String> stops, Duration timeout) {
    return request(prompt, choices, stops, timeout, Integer.MAX_VALUE);
  }

  private static GenerationRequest request(
      String prompt, int choices, List<String> stops, Duration timeout, int maxTokens) {
    return request(List.of(prompt), choices, false, stops, timeout, maxTokens);
  }

  private static GenerationRequest reciting(String prompt, int maxTokens) {
    Sampling reporting =
        new Sampling(
            0f, 0, 1f, 0f, 1f, 1f, 0, 0f, 0f, 0, 0, new int[0], new float[0], false, 0, null);
    return request(List.of(prompt), 1, true, List.of(), MINUTE, maxTokens, reporting);
  }

  private static GenerationRequest request(
      List<String> prompts,
      int choices,
      boolean echo,
      List<String> stops,
      Duration timeout,
      int maxTokens) {
    return request(prompts, choices, echo, stops, timeout, maxTokens, Sampling.GREEDY);
  }

  private static GenerationRequest request(
      List<String> prompts,
      int choices,
      boolean echo,
      List<String> stops,
      Duration timeout,
      int maxTokens,
      Sampling sampling) {
    return new GenerationRequest(
        new RequestId("request"),
        new ModelId("sim"),
        null,
        null,
        prompts.stream().<GenerationRequest.Prompt>map(GenerationRequest.Text::new).toList(),
        null,
        choices,
        echo,
        sampling,
        maxTokens,
        stops,
        false,
        Priority.NORMAL,
        ServiceClass.INTERACTIVE,
        KvScope.COMMON,
        timeout);
  }

  /** Answers the next question for a place, and returns what the replica is then told. */
  private Replica.Start place() {
    Router.Place place = router.expectMessageClass(Router.Place.class);
    place
        .request()
        .replyTo()
        .tell(
            new Scheduler.Assigned(
                place.request().sequence(), REPLICA, replica.ref(), null, "least-loaded"));
    return replica.expectMessageClass(Replica.Start.class);
  }

  /** What the replica is told of a request's only answer, which has begun. */
  private Replica.Start begun(GenerationRequest request) {
    start(request, 100);
    Replica.Start start = place();
    begin(start);
    return start;
  }

  private void refuse(ErrorCode code) {
    Router.Place place = router.expectMessageClass(Router.Place.class);
    place
        .request()
        .replyTo()
        .tell(new Scheduler.Refused(place.request().sequence(), Failure.unavailable(code, 1)));
  }

  private static void begin(Replica.Start start) {
    start.replyTo().tell(new Replica.Begun(start.sequence(), 0));
  }

  /** One token for each byte, as the simulated vocabulary has them. */
  private static void tokens(Replica.Start start, int firstIndex, String text) {
    tell(start, firstIndex, text, null);
  }

  private static void chances(Replica.Start start, int firstIndex, String text) {
    TokenLogprobs[] chances = new TokenLogprobs[text.length()];
    Arrays.fill(chances, new TokenLogprobs(-1, new int[0], new float[0]));
    tell(start, firstIndex, text, chances);
  }

  private static void tell(
      Replica.Start start, int firstIndex, String text, TokenLogprobs @Nullable [] logprobs) {
    start.replyTo().tell(new Replica.Tokens(start.sequence(), firstIndex, ids(text), logprobs));
  }

  private static int[] ids(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xFF;
    }
    return ids;
  }
}
