package io.sampo.engines.llamacpp;

import static io.sampo.engines.llamacpp.TestEngines.NEVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.KvSupport;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.TokenLogprobs;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** KV blocks on a real, small model: their bytes, and the answers of whoever takes them in. */
@Timeout(120)
class LlamaCppBlocksTest {

  @TempDir private static Path folder;
  private static Path model = Path.of("");
  @RegisterExtension final TestEngines engines = new TestEngines(TestEngines.greedy(1));

  @BeforeAll
  static void write() throws IOException {
    model = folder.resolve("wide.gguf");
    TestModels.wide(model);
  }

  private Engine engine() {
    return engine(KvType.F16, FlashAttention.AUTO, false, Map.of());
  }

  private Engine engine(
      KvType type, FlashAttention attention, boolean deterministic, Map<String, String> options) {
    return engines.load(
        model, new EngineSettings(512, 3, 1, 0, type, attention, deterministic, options));
  }

  private static int[] text(int length, long seed) {
    Random random = new Random(seed);
    return IntStream.range(0, length).map(i -> i == 0 ? 1 : 260 + random.nextInt(250)).toArray();
  }

  private static <T> T await(CompletableFuture<T> answer) {
    return answer.orTimeout(60, TimeUnit.SECONDS).join();
  }

  private static KvLayout layout(Engine engine) {
    return ((KvSupport.Offered) await(engine.kvBlocks().support())).layout();
  }

  private static List<MemorySegment> room(Engine engine, int blocks) {
    int bytes = layout(engine).blockBytes();
    return IntStream.range(0, blocks).mapToObj(_ -> Arena.ofAuto().allocate(bytes)).toList();
  }

  private static List<KvBlock> export(Engine from, int[] tokens, int first, int blocks) {
    return await(from.kvBlocks().exportBlocks(tokens, first, room(from, blocks)));
  }

  private static int take(Engine to, int[] tokens, List<KvBlock> blocks) {
    return await(to.kvBlocks().importBlocks(tokens, new KvChain(blocks)));
  }

  private static void fails(CompletableFuture<?> answer, Kind kind, String reason) {
    assertThatThrownBy(() -> await(answer))
        .cause()
        .hasMessageContaining(reason)
        .isInstanceOfSatisfying(
            EngineException.class, failure -> assertThat(failure.kind()).isEqualTo(kind));
  }

  private static void assertClose(Recorder one, Recorder other) {
    assertThat(one.tokens()).isEqualTo(other.tokens());
    for (int i = 0; i < one.logprobs().size(); i++) {
      TokenLogprobs logprobs = one.logprobs().get(i);
      assertThat(logprobs.chosen()).isCloseTo(other.logprobs().get(i).chosen(), within(0.02f));
    }
  }

  private static void assertEqual(Recorder one, Recorder other) {
    assertThat(one.tokens()).isEqualTo(other.tokens());
    assertThat(one.logprobs().stream().map(TokenLogprobs::chosen))
        .isEqualTo(other.logprobs().stream().map(TokenLogprobs::chosen).toList());
  }

  @ParameterizedTest
  @EnumSource
  void givesTheSameBytesAndTheSameAnswerAfterARoundTrip(KvType type) throws InterruptedException {
    int[] prompt = text(140, 1);
    int[] beginning = Arrays.copyOf(prompt, 128);
    Engine first = engine(type, FlashAttention.AUTO, false, Map.of());
    engines.run(first, beginning, 1);
    List<KvBlock> blocks = export(first, beginning, 0, 4);
    Recorder expected = engines.run(first, prompt, 12);
    assertThat(blocks).hasSize(4);
    assertThat(layout(first).keys()).isEqualTo(KvFormat.valueOf(type.name()));

    Engine second = engine(type, FlashAttention.ON, false, Map.of());
    assertThat(layout(second)).isEqualTo(layout(first));
    assertThat(take(second, beginning, blocks)).isEqualTo(128);
    assertThat(second.stats().kvTokensUsed()).isEqualTo(128);
    List<KvBlock> again = export(second, beginning, 0, 4);
    for (int block = 0; block < 4; block++) {
      assertThat(again.get(block).bytes().mismatch(blocks.get(block).bytes())).isEqualTo(-1);
    }
    Recorder answer = engines.run(second, prompt, 12);
    assertThat(answer.cachedTokens()).isEqualTo(128);
    assertEqual(answer, expected);
  }

  @Test
  void answersWithinRoundingWhereCellsLieElsewhere() throws InterruptedException {
    int[] prompt = text(140, 1);
    Engine first = engine();
    Recorder expected = engines.run(first, prompt, 12);
    List<KvBlock> blocks = export(first, prompt, 0, 4);
    Engine second = engine();
    for (int i = 0; i < 3; i++) {
      engines.run(second, text(70, 50 + i), 20);
    }
    assertThat(take(second, prompt, blocks)).isEqualTo(128);
    Recorder answer = engines.run(second, prompt, 12);
    assertThat(answer.cachedTokens()).isEqualTo(128);
    assertClose(answer, expected);
  }

  @Test
  void joinsPiecesOfTwoExportsInOneImportAndInTwo() throws InterruptedException {
    int[] prompt = text(140, 1);
    Engine first = engine();
    Engine other = engine(KvType.F16, FlashAttention.ON, false, Map.of("batch-tokens", "16"));
    Recorder expected = engines.run(first, prompt, 12);
    engines.run(other, text(50, 3), 5);
    engines.run(other, prompt, 30);
    List<KvBlock> pieces =
        Stream.concat(export(first, prompt, 0, 2).stream(), export(other, prompt, 2, 2).stream())
            .toList();
    Engine atOnce = engine();
    assertThat(take(atOnce, prompt, pieces)).isEqualTo(128);
    assertClose(engines.run(atOnce, prompt, 12), expected);
    Engine inTwo = engine();
    assertThat(take(inTwo, prompt, pieces.subList(0, 2))).isEqualTo(64);
    assertThat(take(inTwo, prompt, pieces.subList(2, 4))).isEqualTo(128);
    assertThat(inTwo.stats().kvTokensUsed()).isEqualTo(128);
    Recorder answer = engines.run(inTwo, prompt, 12);
    assertThat(answer.cachedTokens()).isEqualTo(128);
    assertClose(answer, expected);
  }

  @Test
  void takesOnlyWhatIsNotHeldAlready() throws InterruptedException {
    int[] prompt = text(140, 1);
    Engine first = engine();
    Recorder expected = engines.run(first, prompt, 12);
    List<KvBlock> blocks = export(first, prompt, 0, 4);
    Engine second = engine();
    engines.run(second, Arrays.copyOf(prompt, 50), 1);
    assertThat(take(second, prompt, blocks)).isEqualTo(128);
    assertThat(second.stats().kvTokensUsed()).isEqualTo(128);
    assertThat(take(second, prompt, blocks)).isEqualTo(128);
    assertThat(second.stats().kvTokensUsed()).isEqualTo(128);
    assertClose(engines.run(second, prompt, 12), expected);
  }

  @Test
  void exportsWhatRunsAndWhatHasEndedAndNothingElse() throws InterruptedException {
    int[] prompt = text(100, 1);
    Engine engine = engine();
    Recorder heard = new Recorder(0);
    SequenceId running = engines.submit(engine, prompt, 50, 40, heard);
    heard.awaitTokens(40);
    int[] all =
        IntStream.concat(IntStream.of(prompt), heard.tokens().stream().mapToInt(id -> id))
            .toArray();
    assertThat(export(engine, all, 0, 4)).hasSize(4);
    engine.cancel(running);
    heard.awaitEnd();
    List<KvBlock> later = export(engine, all, 1, 3);
    assertThat(later).hasSize(3);
    assertThat(later.getFirst().firstPosition()).isEqualTo(32);
    int[] other = all.clone();
    other[40]++;
    assertThat(export(engine, other, 0, 4)).hasSize(1);
    assertThat(export(engine, other, 1, 3)).isEmpty();
    assertThat(export(engine, text(100, 9), 0, 3)).isEmpty();
  }

  @Test
  void movesBlocksBesideRunningSequencesAndChangesNothingOfThem() throws InterruptedException {
    int[] prompt = text(400, 1);
    Engine first = engine();
    engines.run(first, prompt, 1);
    List<KvBlock> blocks = export(first, prompt, 0, 12);
    int[] stream = text(30, 7);
    Recorder expected = engines.run(engine(), stream, 200);
    Engine busy = engine();
    Recorder heard = new Recorder(0);
    engines.submit(busy, stream, 200, NEVER, heard);
    heard.awaitTokens(5);
    assertThat(take(busy, prompt, blocks)).isEqualTo(384);
    assertThat(export(busy, prompt, 0, 12)).hasSize(12);
    Recorder answer = engines.run(busy, prompt, 5);
    assertThat(answer.cachedTokens()).isEqualTo(384);
    assertClose(heard.awaitEnd(), expected);
    assertClose(answer, engines.run(first, prompt, 5));
  }

  @Test
  void keepsNoMoreThanMayBeRetained() throws InterruptedException {
    int[] prompt = text(140, 1);
    Engine first = engine();
    engines.run(first, prompt, 1);
    List<KvBlock> blocks = export(first, prompt, 0, 4);
    Engine little = engine(KvType.F16, FlashAttention.AUTO, false, Map.of("retain-tokens", "100"));
    engines.run(little, text(60, 8), 4);
    assertThat(take(little, prompt, blocks)).isEqualTo(100);
    assertThat(little.stats().kvTokensUsed()).isEqualTo(100);
    assertClose(engines.run(little, prompt, 5), engines.run(first, prompt, 5));
    Engine nothing = engine(KvType.F16, FlashAttention.AUTO, false, Map.of("retain-tokens", "0"));
    assertThat(take(nothing, prompt, blocks)).isZero();
    assertThat(nothing.stats().kvTokensUsed()).isZero();
  }

  @Test
  void leavesRunningSequencesTheirRoom() throws InterruptedException {
    Engine first = engine();
    Engine full = engine();
    Random random = new Random(5);
    List<Recorder> running = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      running.add(new Recorder(0));
      engines.submit(full, text(300 + i, 90 + i), 150, NEVER, running.get(i));
    }
    for (int round = 0; round < 12; round++) {
      int[] prompt = text(500, 1 + random.nextInt(4));
      engines.run(first, prompt, 1);
      int held = take(full, prompt, export(first, prompt, 0, 1 + random.nextInt(15)));
      assertThat(held).isBetween(0, 480);
      assertThat(full.stats().kvTokensUsed()).isLessThanOrEqualTo(3 * 512);
    }
    for (Recorder heard : running) {
      assertThat(heard.awaitEnd().tokens()).hasSize(150);
    }
  }

  @Test
  void refusesMemoryAndChainsThatBreakARuleAndGoesOn() throws InterruptedException {
    int[] prompt = text(140, 1);
    Engine engine = engine();
    engines.run(engine, prompt, 1);
    List<KvBlock> blocks = export(engine, prompt, 0, 4);
    int bytes = layout(engine).blockBytes();
    refusesExport(engine, prompt, 0, Arena.ofAuto().allocate(bytes - 1), "bytes, not");
    refusesExport(engine, prompt, 0, MemorySegment.ofArray(new byte[bytes]), "outside");
    refusesExport(engine, prompt, -1, Arena.ofAuto().allocate(bytes), "0 or more");
    refusesExport(engine, prompt, 4, Arena.ofAuto().allocate(bytes), "token 160 of 140");
    refusesExport(engine, prompt, NEVER, Arena.ofAuto().allocate(bytes), "of 140");
    MemorySegment fixed = Arena.ofAuto().allocate(bytes).asReadOnly();
    refusesExport(engine, prompt, 0, fixed, "read-only");
    try (Arena mine = Arena.ofConfined()) {
      refusesExport(engine, prompt, 0, mine.allocate(bytes), "for all threads");
      MemorySegment own = mine.allocate(bytes).copyFrom(blocks.getFirst().bytes());
      refusesImport(engine, prompt, KvBlock.open(own, layout(engine)), "for all threads");
    }
    KvLayout layout = layout(engine);
    KvLayout foreign =
        new KvLayout(
            ModelFingerprint.of("another", List.of()),
            layout.keys(),
            layout.values(),
            layout.keyRowBytes(),
            layout.valueRowBytes(),
            layout.blockTokens());
    MemorySegment memory = Arena.ofAuto().allocate(bytes);
    refusesImport(engine, prompt, KvBlock.seal(memory, foreign, 0), "not of this engine's");
    refusesImport(engine, text(20, 1), blocks.getFirst(), "token 32 of 20");
    refusesImport(
        engine, text(100, 5), blocks.get(2), "begins at 64, but of the tokens before it only 1");
    MemorySegment late = Arena.ofAuto().allocate(bytes);
    refusesImport(engine, text(700, 5), KvBlock.seal(late, layout, 512), "the context at 512");
    assertThat(engines.run(engine, prompt, 3).tokens()).hasSize(3);
  }

  private static void refusesExport(
      Engine engine, int[] tokens, int first, MemorySegment into, String reason) {
    fails(
        engine.kvBlocks().exportBlocks(tokens, first, List.of(into)), Kind.INVALID_REQUEST, reason);
  }

  private static void refusesImport(Engine engine, int[] tokens, KvBlock block, String reason) {
    fails(
        engine.kvBlocks().importBlocks(tokens, new KvChain(List.of(block))),
        Kind.INVALID_REQUEST,
        reason);
  }

  @Test
  void failsWorkOnMemoryThatWasGivenBackAndNothingElse() throws InterruptedException {
    int[] prompt = text(100, 1);
    Engine first = engine();
    Engine second = engine();
    engines.run(first, prompt, 1);
    Arena arena = Arena.ofShared();
    KvLayout layout = layout(first);
    MemorySegment memory = arena.allocate(layout.blockBytes());
    memory.copyFrom(export(first, prompt, 0, 1).getFirst().bytes());
    KvBlock block = KvBlock.open(memory, layout);
    assertThat(layout(second)).isEqualTo(layout);
    arena.close();
    fails(
        second.kvBlocks().importBlocks(prompt, new KvChain(List.of(block))),
        Kind.INTERNAL,
        "could not be moved");
    fails(first.kvBlocks().exportBlocks(prompt, 0, List.of(memory)), Kind.INTERNAL, "moved");
    assertThat(second.stats().kvTokensUsed()).isZero();
    assertThat(engines.run(second, prompt, 3).tokens())
        .isEqualTo(engines.run(first, prompt, 3).tokens());
  }

  @Test
  void failsWhatWaitsWhenItIsClosed() throws InterruptedException {
    int[] prompt = text(400, 1);
    Engine engine = engine();
    engines.run(engine, prompt, 1);
    List<MemorySegment> memory = room(engine, 12);
    List<CompletableFuture<?>> answers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      answers.add(engine.kvBlocks().exportBlocks(prompt, 0, memory));
    }
    engine.close();
    for (CompletableFuture<?> answer : answers) {
      assertThat(answer).isDone();
    }
    fails(engine.kvBlocks().exportBlocks(prompt, 0, memory), Kind.CLOSED, "closed");
  }

  @Test
  void saysOfWhichModelsAndModesItHasNoBlocks() {
    refuses(engine(KvType.F16, FlashAttention.OFF, false, Map.of()), "flash attention");
    refuses(engine(KvType.F16, FlashAttention.AUTO, true, Map.of()), "deterministic");
    EngineSettings many =
        new EngineSettings(16, 256, 1, 0, KvType.F16, FlashAttention.AUTO, false, Map.of());
    refuses(engines.load(model, many), "one less");
  }

  @Test
  void saysThatARecurrentModelHasNoBlocksAndServesIt() throws Exception {
    Path mamba = SmallModels.file("mamba-tinystories-0.6M-f32");
    Engine engine =
        engines.load(
            mamba,
            new EngineSettings(256, 2, 1, 0, KvType.F16, FlashAttention.AUTO, false, Map.of()));
    refuses(engine, "recurrent");
    assertThat(engines.run(engine, new int[] {1, 300, 310}, 8).tokens()).hasSize(8);
  }

  @Test
  void saysThatAModelWithASlidingWindowHasNoBlocksAndServesItBeyondItsWindow() throws Exception {
    Path windowed = TestModels.windowed(folder);
    Engine engine =
        engines.load(
            windowed,
            new EngineSettings(128, 2, 1, 0, KvType.F16, FlashAttention.AUTO, false, Map.of()));
    refuses(engine, "sliding-window");
    int[] prompt = IntStream.range(10, 90).toArray();
    List<Integer> first = engines.run(engine, prompt, 8).tokens();
    assertThat(first).hasSize(8);
    assertThat(engines.run(engine, prompt, 8).tokens()).isEqualTo(first);
  }

  private static void refuses(Engine engine, String reason) {
    assertThat(await(engine.kvBlocks().support()))
        .isInstanceOfSatisfying(
            KvSupport.Refused.class, refused -> assertThat(refused.reason()).contains(reason));
    fails(engine.kvBlocks().exportBlocks(new int[0], 0, List.of()), Kind.INVALID_REQUEST, reason);
  }

  @Test
  void separatesModelsByAllOfTheirBytes() throws IOException {
    Path other = folder.resolve("other.gguf");
    Files.copy(model, other);
    try (FileChannel file = FileChannel.open(other, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {1}), file.size() - 1000);
    }
    EngineSettings settings =
        new EngineSettings(512, 3, 1, 0, KvType.F16, FlashAttention.AUTO, false, Map.of());
    KvLayout changed = layout(engines.load(other, settings));
    assertThat(changed.model()).isNotEqualTo(layout(engine()).model());
    assertThat(changed.keyRowBytes()).isEqualTo(layout(engine()).keyRowBytes());
  }
}
