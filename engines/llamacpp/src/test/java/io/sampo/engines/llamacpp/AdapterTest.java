package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Adapters of a tiny model with random weights, loaded and unloaded while it answers. */
@Timeout(60)
class AdapterTest {

  private static final String PROMPT = "a quick brown fox jumps over a lazy dog and runs";

  @TempDir Path folder;

  private Teller teller;

  @BeforeEach
  void open() throws IOException {
    teller = new Teller(TestModels.tiny(folder), 4, false);
  }

  @AfterEach
  void close() {
    teller.close();
  }

  private List<Integer> answer(@Nullable String adapter) throws InterruptedException {
    return teller.tell(PROMPT, 24, adapter).tokens();
  }

  private static void await(CompletableFuture<Void> done) throws Exception {
    done.get(30, TimeUnit.SECONDS);
  }

  private CompletableFuture<Void> unload(String name) {
    return teller.engine.unloadAdapter(name).toCompletableFuture();
  }

  @Test
  void changesTheAnswersThatNameItAndNoOthers() throws Exception {
    List<Integer> bare = answer(null);
    teller.load("one", TestModels.adapter(folder, 1), 1);
    teller.load("two", TestModels.adapter(folder, 9), 1);
    teller.load("none", TestModels.adapter(folder, 9), 0);
    List<Integer> one = answer("one");
    assertThat(one).isNotEqualTo(bare).isNotEqualTo(answer("two"));
    assertThat(answer("none")).isEqualTo(bare);
    assertThat(answer(null)).isEqualTo(bare);
    assertThat(answer("one")).isEqualTo(one);
  }

  @Test
  void reusesABeginningOnlyOfTheSameAdapter() throws Exception {
    Path file = TestModels.adapter(folder, 1);
    teller.load("one", file, 1);
    int most = teller.tokens(PROMPT).length - 1;
    assertThat(teller.tell(PROMPT, 1, null).cachedTokens()).isZero();
    assertThat(teller.tell(PROMPT, 1, "one").cachedTokens()).isZero();
    assertThat(teller.tell(PROMPT, 1, "one").cachedTokens()).isEqualTo(most);
    assertThat(teller.tell(PROMPT, 1, null).cachedTokens()).isEqualTo(most);
    await(unload("one"));
    assertThat(teller.engine.stats().kvTokensUsed()).isEqualTo(most + 1);
    teller.load("one", file, 1);
    assertThat(teller.tell(PROMPT, 1, "one").cachedTokens()).isZero();
  }

  @Test
  void isUnknownAtOnceAndFreedAfterItsLastAnswer() throws Exception {
    teller.load("one", TestModels.adapter(folder, 1), 1);
    Recorder running = new Recorder(0);
    var id = teller.begin(teller.tokens(PROMPT), 200, "one", running);
    teller.engine.allow(id, 3);
    running.awaitTokens(1);
    CompletableFuture<Void> unloaded = unload("one");
    assertThatThrownBy(() -> answer("one"))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_REQUEST))
        .hasMessage("the adapter 'one' is not loaded");
    assertThat(running.awaitEnd().tokens()).hasSize(200);
    await(unloaded);
    await(unload("one"));
    assertThat(answer(null)).hasSize(24);
  }

  @Test
  void failsWhatIsOrderedOfAnEngineThatIsClosed() throws Exception {
    Path file = TestModels.adapter(folder, 1);
    teller.load("one", file, 1);
    teller.close();
    assertThatThrownBy(() -> teller.load("two", file, 1)).hasMessageContaining("closed");
    assertThat(unload("one")).isCompletedExceptionally();
  }

  @Test
  void namesTheRuleThatAFileBreaksAndServesOn() throws Exception {
    assertRejected("general.type", w -> w.string("general.type", "model"), "must be 'adapter'");
    assertRejected("kind", w -> w.string("adapter.type", "ia3"), "must be 'lora', is 'ia3'");
    assertRejected(
        "foreign", w -> w.string("general.architecture", "mamba"), "must be 'llama', is 'mamba'");
    assertRejected("number", w -> w.uint32("general.type", 7), "must be 'adapter'");
    assertRejected("alpha", w -> w.uint32("adapter.lora.alpha", 8), "FLOAT32 of 0 to 10^6");
    assertRejected("nan", w -> w.float32("adapter.lora.alpha", Float.NaN), "FLOAT32 of 0");
    assertRejected(
        "invoked",
        w -> w.int32s("adapter.alora.invocation_tokens", new int[] {1}),
        "must not wait for an invocation");
    assertRejected("empty", w -> w, "change at least one matrix");
    String name = "blk.0.attn_q.weight";
    assertRejected("half", w -> pair(w, name, 64, 4, 4, 64, 1), "other half of the pair");
    assertRejected("wide", w -> pair(w, name, 96, 4, 4, 64, 2), "shape must fit the model's");
    assertRejected("rank", w -> pair(w, name, 64, 4, 8, 64, 2), "shape must fit the model's");
    assertRejected(
        "stranger", w -> pair(w, "blk.9.attn_q.weight", 64, 4, 4, 64, 2), "one that the model has");
    assertRejected(
        "tied",
        w -> pair(w, "token_embd.weight", 4, 512, 4, 64, 2),
        "only of a model that has an output.weight");
    assertRejected("suffix", w -> tensor(w, name, 64, 4), "must end with .lora_a or .lora_b");
    byte[] whole = Files.readAllBytes(TestModels.adapter(folder, 1));
    Path cut = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(whole, 900));
    assertLoadFails(cut, "GGUF rejected");
    assertLoadFails(folder.resolve("missing.gguf"), "there is no such file");
    assertThat(answer(null)).hasSize(24);
  }

  private void assertRejected(String file, UnaryOperator<GgufWriter> change, String rule)
      throws IOException {
    GgufWriter writer =
        new GgufWriter()
            .string("general.type", "adapter")
            .string("general.architecture", "llama")
            .string("adapter.type", "lora");
    Path gguf = folder.resolve(file + ".gguf");
    change.apply(writer).write(gguf);
    assertLoadFails(gguf, rule);
  }

  private void assertLoadFails(Path file, String reason) {
    assertThatThrownBy(() -> teller.load("bad", file, 1))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.MODEL_REJECTED))
        .hasMessageContaining("the adapter 'bad': ")
        .hasMessageContaining(reason);
  }

  private static GgufWriter pair(
      GgufWriter writer, String name, int rowA, int rowsA, int rowB, int rowsB, int halves) {
    tensor(writer, name + ".lora_a", rowA, rowsA);
    return halves == 1 ? writer : tensor(writer, name + ".lora_b", rowB, rowsB);
  }

  private static GgufWriter tensor(GgufWriter writer, String name, int row, int rows) {
    byte[] zeros = new byte[row * rows * Float.BYTES];
    return writer.tensor(
        name,
        GgmlType.F32,
        List.of((long) row, (long) rows),
        out -> out.write(ByteBuffer.wrap(zeros)));
  }
}
