package io.sampo.engines.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.block.KvLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every engine does. An engine's own tests extend this and say how to load one; its model must
 * be able to write at least 40 tokens after {@link #shortPrompt} when it may not end.
 */
@Timeout(120)
public abstract class EngineContract {

  private static final int CONTEXT = 128;
  private static final int NEVER = Integer.MAX_VALUE;
  private static final Sampling GREEDY = sampling(0f, 0, -1);
  private static final Sampling SEEDED = sampling(1f, 0, -1);

  private final List<Engine> engines = new ArrayList<>();
  private long lastId;

  /** Loads an engine. Closing it is the suite's work. */
  protected abstract Engine newEngine(EngineSettings settings);

  /** A prompt of 1 to 16 tokens. */
  protected abstract int[] shortPrompt();

  @AfterEach
  void closeAll() {
    engines.forEach(Engine::close);
  }

  @Test
  void generatesUpToTheRequestsLimit() {
    Engine engine = engine(2);
    RecordingListener heard = run(engine, request(0, 12, NEVER, GREEDY)).awaitEnd();
    assertThat(heard.reason()).isEqualTo(FinishReason.LENGTH);
    assertThat(heard.firstIndex()).isZero();
    assertThat(heard.ids()).hasSize(12);
    assertThat(IntStream.of(heard.ids()))
        .allMatch(id -> id >= 0 && id < engine.capabilities().vocabularySize());
  }

  @Test
  void endsAtTheContextsEnd() {
    Engine engine = engine(1);
    RecordingListener heard = run(engine, request(0, NEVER, NEVER, GREEDY)).awaitEnd();
    assertThat(heard.reason()).isEqualTo(FinishReason.LENGTH);
    assertThat(shortPrompt().length + heard.ids().length)
        .isBetween(
            engine.capabilities().contextTokens() - 1, engine.capabilities().contextTokens() + 1);
  }

  @Test
  void answersTheSameRequestWithTheSameTokens() {
    Engine engine = engine(2);
    int[] once = run(engine, request(0, 12, NEVER, SEEDED)).awaitEnd().ids();
    int[] again = run(engine, request(0, 12, NEVER, SEEDED)).awaitEnd().ids();
    assertThat(again).isEqualTo(once);
  }

  @Test
  void givesEachChoiceAnAnswerOfItsOwn() {
    Engine engine = engine(2);
    RecordingListener one = run(engine, request(0, 30, NEVER, SEEDED));
    RecordingListener other = run(engine, request(0, 30, NEVER, SEEDED.withChoice(1)));
    assertThat(one.awaitEnd().ids()).isNotEqualTo(other.awaitEnd().ids());
  }

  @Test
  void continuesAnAnswerThatAnotherReplicaBegan() {
    for (Sampling sampling : List.of(GREEDY, SEEDED)) {
      int[] whole = run(engine(1), request(0, 16, NEVER, sampling)).awaitEnd().ids();
      int[] prompt = join(shortPrompt(), Arrays.copyOf(whole, 6));
      SequenceRequest rest = new SequenceRequest(newId(), prompt, 6, 16, NEVER, sampling);
      RecordingListener heard = run(engine(1), rest).awaitEnd();
      assertThat(heard.firstIndex()).isEqualTo(6);
      assertThat(heard.ids()).isEqualTo(Arrays.copyOfRange(whole, 6, 16));
      assertThat(heard.reason()).isEqualTo(FinishReason.LENGTH);
    }
  }

  /** In every mode; the first token has nothing before it that could tell its chance. */
  @Test
  void tellsThePromptsTokensToo() {
    Sampling reporting = sampling(0f, 0, 1);
    int[] prompt = join(shortPrompt(), run(engine(1), prompt(shortPrompt())).awaitEnd().ids());
    for (boolean deterministic : List.of(true, false)) {
      Engine engine = engine(settings(2, deterministic, Map.of()));
      int recited = prompt.length - 1;
      SequenceRequest plain = new SequenceRequest(newId(), prompt, 0, 20, NEVER, reporting);
      int[] answer = run(engine, plain).awaitEnd().ids();
      SequenceRequest all = new SequenceRequest(newId(), prompt, -recited, 20, NEVER, reporting);
      RecordingListener heard = run(engine, all).awaitEnd();
      assertThat(heard.firstIndex()).isEqualTo(-recited);
      assertThat(heard.ids())
          .startsWith(Arrays.copyOfRange(prompt, 1, prompt.length))
          .hasSize(recited + 20);
      assertThat(heard.ids()[recited]).isEqualTo(answer[0]);
      assertThat(heard.logprobs()).hasSize(recited + 20).doesNotContainNull();
      SequenceRequest last = new SequenceRequest(newId(), prompt, -1, 0, NEVER, reporting);
      RecordingListener end = run(engine, last).awaitEnd();
      assertThat(end.ids()).containsExactly(prompt[recited]);
      assertThat(end.logprobs().getFirst().chosen())
          .isCloseTo(heard.logprobs().get(recited - 1).chosen(), within(0.02f));
      assertThat(end.reason()).isEqualTo(FinishReason.LENGTH);
    }
  }

  @Test
  void waitsAtItsLimitAndHoldsNobodyUp() {
    Engine engine = engine(2);
    SequenceRequest waiting = request(0, 12, 3, GREEDY);
    RecordingListener waits = run(engine, waiting).awaitTokens(3);
    run(engine, request(0, 30, NEVER, GREEDY)).awaitEnd();
    assertThat(waits.ids()).hasSize(3);
    engine.allow(waiting.id(), 5);
    waits.awaitTokens(5);
    engine.allow(waiting.id(), 2);
    run(engine, request(0, 30, NEVER, GREEDY)).awaitEnd();
    assertThat(waits.ids()).hasSize(5);
    engine.allow(waiting.id(), NEVER);
    assertThat(waits.awaitEnd().ids()).hasSize(12);
  }

  @Test
  void refusesToEmbedWhereItGenerates() {
    EmbeddingRequest inputs = new EmbeddingRequest(newId(), new int[] {1}, new int[] {1});
    EmbeddingListener nobody =
        new EmbeddingListener() {
          @Override
          public void onVector(int input, float[] vector) {
            throw new AssertionError("a vector");
          }

          @Override
          public void onFinished(FinishReason reason) {
            throw new AssertionError("an end");
          }

          @Override
          public void onFailed(EngineException failure) {
            throw new AssertionError(failure);
          }
        };
    Engine engine = engine(1);
    assertThat(engine.capabilities().task()).isEqualTo(ModelTask.GENERATE);
    assertThatThrownBy(() -> engine.embed(inputs, nobody))
        .isInstanceOfSatisfying(
            EngineException.class,
            refused -> assertThat(refused.kind()).isEqualTo(Kind.INVALID_REQUEST));
  }

  @Test
  void runsSeveralSequencesAtOnce() {
    Engine engine = engine(4);
    List<RecordingListener> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      all.add(run(engine, request(0, 20 + i, NEVER, SEEDED.withChoice(i))));
    }
    for (int i = 0; i < 4; i++) {
      assertThat(all.get(i).awaitEnd().ids()).hasSize(20 + i);
    }
  }

  @Test
  void cancelsRunningAndWaitingSequences() {
    Engine engine = engine(2);
    SequenceRequest paused = request(0, NEVER, 0, GREEDY);
    SequenceRequest running = request(0, NEVER, 4, GREEDY);
    RecordingListener first = run(engine, paused);
    RecordingListener second = run(engine, running).awaitTokens(2);
    engine.cancel(paused.id());
    engine.cancel(running.id());
    assertThat(first.awaitEnd().reason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(second.awaitEnd().reason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(engine.stats().runningSequences()).isZero();
  }

  @Test
  void ignoresSequencesItDoesNotKnow() {
    Engine engine = engine(1);
    engine.allow(new SequenceId(-7), 5);
    engine.cancel(new SequenceId(-7));
    assertThat(run(engine, request(0, 3, NEVER, GREEDY)).awaitEnd().ids()).hasSize(3);
  }

  @Test
  void refusesOneSequenceMoreThanItRuns() {
    Engine engine = engine(2);
    assertThat(engine.capabilities().maxSequences()).isEqualTo(2);
    SequenceRequest first = request(0, NEVER, 1, GREEDY);
    RecordingListener heard = run(engine, first);
    run(engine, request(0, NEVER, 1, GREEDY));
    refuses(engine, request(0, 3, NEVER, GREEDY), Kind.FULL);
    engine.cancel(first.id());
    heard.awaitEnd();
    assertThat(run(engine, request(0, 3, NEVER, GREEDY)).awaitEnd().ids()).hasSize(3);
  }

  @Test
  void refusesPromptsThatBreakARule() {
    Engine engine = engine(1);
    EngineCapabilities can = engine.capabilities();
    refuses(engine, prompt(new int[0]), Kind.INVALID_REQUEST);
    refuses(engine, prompt(new int[] {-1}), Kind.INVALID_REQUEST);
    refuses(engine, prompt(new int[] {can.vocabularySize()}), Kind.INVALID_REQUEST);
    int[] tooLong = new int[can.contextTokens() + 1];
    Arrays.fill(tooLong, shortPrompt()[0]);
    refuses(engine, prompt(tooLong), Kind.INVALID_REQUEST);
    assertThat(run(engine, request(0, 3, NEVER, GREEDY)).awaitEnd().ids()).hasSize(3);
  }

  @Test
  void failsWhatRunsWhenItIsClosedAndRefusesTheRest() {
    Engine engine = engine(2);
    RecordingListener heard = run(engine, request(0, NEVER, 2, GREEDY)).awaitTokens(2);
    engine.close();
    assertThat(heard.ended()).isTrue();
    EngineException failure = heard.awaitEnd().failure();
    assertThat(failure).isNotNull().extracting(EngineException::kind).isEqualTo(Kind.CLOSED);
    refuses(engine, request(0, 3, NEVER, GREEDY), Kind.CLOSED);
    engine.allow(new SequenceId(1), 3);
    engine.cancel(new SequenceId(1));
    engine.close();
  }

  @Test
  void countsWhatItDoes() {
    Engine engine = engine(2);
    run(engine, request(0, 10, NEVER, GREEDY)).awaitEnd();
    run(engine, request(0, 5, NEVER, GREEDY)).awaitEnd();
    EngineStats stats = engine.stats();
    assertThat(stats.runningSequences()).isZero();
    assertThat(stats.waitingSequences()).isZero();
    assertThat(stats.promptTokens()).isEqualTo(2L * shortPrompt().length);
    assertThat(stats.generatedTokens()).isEqualTo(15);
    assertThat(stats.steps()).isPositive();
    assertThat(stats.kvTokensTotal()).isPositive();
    assertThat(stats.kvTokensUsed()).isBetween(0L, stats.kvTokensTotal());
    assertThat(stats.kvTokensRetained()).isEqualTo(stats.kvTokensUsed());
    assertThat(stats.cachedTokens()).isBetween(0L, stats.promptTokens());
  }

  @Test
  void reportsLogProbabilitiesWhenAsked() {
    Engine engine = engine(1);
    RecordingListener plain = run(engine, request(0, 5, NEVER, GREEDY)).awaitEnd();
    assertThat(plain.logprobs()).isEmpty();
    RecordingListener heard = run(engine, request(0, 5, NEVER, sampling(0f, 0, 3))).awaitEnd();
    assertThat(heard.logprobs()).hasSize(5);
    for (int i = 0; i < 5; i++) {
      checkLogprobs(heard.logprobs().get(i), heard.ids()[i]);
    }
  }

  /** One that is alone neither finds nor leaves anything, nor does a scope for another. */
  @Test
  void sharesKvWithinAScopeOnly() {
    Engine engine = engine(settings(2, false, Map.of()));
    assumeThat(engine.capabilities().reusesPrefixes()).isTrue();
    int[] prompt = repeated(70);
    KvScope mine = KvScope.of("mine");
    assertThat(cached(engine, prompt, KvScope.ALONE)).isZero();
    assertThat(cached(engine, prompt, KvScope.ALONE)).isZero();
    assertThat(cached(engine, prompt, mine)).isZero();
    assertThat(cached(engine, prompt, mine)).isGreaterThanOrEqualTo(64);
    assertThat(cached(engine, prompt, KvScope.ALONE)).isZero();
    assertThat(cached(engine, prompt, KvScope.of("yours"))).isZero();
    assertThat(cached(engine, prompt, KvScope.COMMON)).isZero();
  }

  private int cached(Engine engine, int[] ids, KvScope scope) {
    SequenceRequest request =
        new SequenceRequest(newId(), ids, 0, 3, NEVER, GREEDY, Priority.NORMAL, null, scope);
    return run(engine, request).awaitEnd().cachedTokens();
  }

  @Test
  void offersItsKvAsBlocksOrSaysWhyNot() {
    Engine engine = engine(settings(2, false, Map.of()));
    KvBlocks blocks = engine.kvBlocks();
    KvSupport support = await(blocks.support());
    assertThat(await(engine.kvBlocks().support())).isEqualTo(support);
    if (support instanceof KvSupport.Offered offered) {
      takesBlocksOutAndIn(engine, offered.layout());
      engine.close();
      fails(blocks.exportBlocks(shortPrompt(), 0, List.of()), Kind.CLOSED);
    } else if (support instanceof KvSupport.Refused refused) {
      assertThat(refused.reason()).isNotBlank();
      fails(blocks.exportBlocks(shortPrompt(), 0, List.of()), Kind.INVALID_REQUEST);
    }
  }

  /** What one engine computed is found by another that has only got the blocks. */
  private void takesBlocksOutAndIn(Engine engine, KvLayout layout) {
    Engine other = engine(settings(2, false, Map.of()));
    assertThat(await(other.kvBlocks().support())).isEqualTo(new KvSupport.Offered(layout));
    int[] prompt = repeated(2 * layout.blockTokens() + 5);
    RecordingListener first = run(engine, request(prompt)).awaitEnd();
    List<MemorySegment> memory = new ArrayList<>();
    for (int block = 0; block < 3; block++) {
      memory.add(Arena.ofAuto().allocate(layout.blockBytes()));
    }
    List<KvBlock> held = await(engine.kvBlocks().exportBlocks(prompt, 0, memory.subList(0, 2)));
    assertThat(held).hasSize(2);
    int[] strange = prompt.clone();
    strange[0]++;
    assertThat(await(engine.kvBlocks().exportBlocks(strange, 0, memory.subList(2, 3)))).isEmpty();
    fails(engine.kvBlocks().exportBlocks(prompt, 0, memory), Kind.INVALID_REQUEST);
    KvChain chain =
        new KvChain(held.stream().map(block -> KvBlock.open(block.bytes(), layout)).toList());
    fails(other.kvBlocks().importBlocks(shortPrompt(), chain), Kind.INVALID_REQUEST);
    KvScope scope = KvScope.of("scope");
    fails(other.kvBlocks().importBlocks(KvScope.ALONE, prompt, chain), Kind.INVALID_REQUEST);
    assertThat(await(other.kvBlocks().importBlocks(scope, prompt, chain)))
        .isEqualTo(chain.endPosition());
    assertThat(await(other.kvBlocks().held(scope, prompt))).isEqualTo(chain.endPosition());
    assertThat(await(other.kvBlocks().held(KvScope.COMMON, prompt))).isZero();
    // Nobody waits for the blocks: a sequence that comes after them begins after them.
    CompletableFuture<Integer> taken = other.kvBlocks().importBlocks(prompt, chain);
    RecordingListener second = run(other, request(prompt)).awaitEnd();
    assertThat(await(taken)).isEqualTo(chain.endPosition());
    assertThat(second.cachedTokens()).isEqualTo(chain.endPosition());
    assertThat(second.ids()).isEqualTo(first.ids());
  }

  private int[] repeated(int length) {
    int[] prompt = shortPrompt();
    return IntStream.range(0, length).map(i -> prompt[i % prompt.length]).toArray();
  }

  private static <T> T await(CompletableFuture<T> answer) {
    return answer.orTimeout(60, TimeUnit.SECONDS).join();
  }

  private static void fails(CompletableFuture<?> answer, Kind kind) {
    assertThatThrownBy(() -> await(answer))
        .cause()
        .isInstanceOfSatisfying(
            EngineException.class, failure -> assertThat(failure.kind()).isEqualTo(kind));
  }

  @Test
  void rejectsAnOptionItDoesNotKnow() {
    EngineSettings settings = settings(1, true, Map.of("no-such-option", "1"));
    assertThatThrownBy(() -> engines.add(newEngine(settings)))
        .hasMessageContaining("no-such-option");
  }

  private static void checkLogprobs(TokenLogprobs logprobs, int chosen) {
    assertThat(logprobs.topIds()).hasSize(3).doesNotHaveDuplicates();
    assertThat(logprobs.topLogprobs()).hasSize(3);
    assertThat(logprobs.chosen()).isLessThanOrEqualTo(0f);
    assertThat(logprobs.topIds()[0]).isEqualTo(chosen);
    assertThat(logprobs.topLogprobs()[0]).isEqualTo(logprobs.chosen());
    for (int i = 1; i < 3; i++) {
      assertThat(logprobs.topLogprobs()[i]).isLessThanOrEqualTo(logprobs.topLogprobs()[i - 1]);
    }
  }

  private static void refuses(Engine engine, SequenceRequest request, Kind kind) {
    RecordingListener heard = new RecordingListener();
    assertThatThrownBy(() -> engine.submit(request, heard))
        .isInstanceOfSatisfying(
            EngineException.class, refusal -> assertThat(refusal.kind()).isEqualTo(kind));
    assertThat(heard.ended()).isFalse();
  }

  private static RecordingListener run(Engine engine, SequenceRequest request) {
    RecordingListener heard = new RecordingListener();
    engine.submit(request, heard);
    return heard;
  }

  /** An engine in its deterministic mode with a small context. */
  private Engine engine(int maxSequences) {
    return engine(settings(maxSequences, true, Map.of()));
  }

  private Engine engine(EngineSettings settings) {
    Engine engine = newEngine(settings);
    engines.add(engine);
    return engine;
  }

  private static EngineSettings settings(
      int maxSequences, boolean deterministic, Map<String, String> options) {
    return new EngineSettings(
        CONTEXT, maxSequences, 2, 0, KvType.F16, FlashAttention.AUTO, deterministic, options);
  }

  private SequenceRequest request(int firstIndex, int maxTokens, int limit, Sampling sampling) {
    return new SequenceRequest(newId(), shortPrompt(), firstIndex, maxTokens, limit, sampling);
  }

  private SequenceRequest request(int[] ids) {
    return new SequenceRequest(newId(), ids, 0, 8, NEVER, GREEDY);
  }

  private SequenceRequest prompt(int[] ids) {
    return new SequenceRequest(newId(), ids, 0, 3, NEVER, GREEDY);
  }

  private SequenceId newId() {
    return new SequenceId(++lastId);
  }

  /** Sampling that never ends the text by itself. */
  private static Sampling sampling(float temperature, int choice, int topLogprobs) {
    return new Sampling(
        temperature,
        0,
        1f,
        0f,
        1f,
        1f,
        0,
        0f,
        0f,
        42L,
        choice,
        new int[0],
        new float[0],
        true,
        topLogprobs,
        null);
  }

  private static int[] join(int[] first, int[] second) {
    int[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }
}
