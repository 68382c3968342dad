package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sampo.engines.modelstore.gguf.Pooling;
import io.sampo.engines.modelstore.synthetic.EncoderShape;
import io.sampo.engines.modelstore.synthetic.SyntheticEncoder;
import io.sampo.engines.spi.EmbeddingRequest;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TextCodec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class EmbeddingEngineTest {

  private static final LlamaCppProvider PROVIDER = new LlamaCppProvider();
  private static final List<String> TEXTS =
      List.of("the cat sat.", "a", "where is it?", "0123456789 abc def ghi", "the cat sat.");

  @TempDir Path folder;
  private final List<Engine> engines = new ArrayList<>();
  private long lastId;

  @AfterEach
  void closeAll() {
    engines.forEach(Engine::close);
  }

  private static EngineSettings settings(int requests, Map<String, String> options) {
    return new EngineSettings(0, requests, 1, 0, KvType.F16, FlashAttention.AUTO, false, options);
  }

  private Engine load(Path model, Map<String, String> options) {
    Engine engine = PROVIDER.load(model, settings(2, options));
    engines.add(engine);
    return engine;
  }

  private Path encoder(Pooling pooling) throws IOException {
    Path gguf = folder.resolve(pooling + ".gguf");
    SyntheticEncoder.write(gguf, EncoderShape.tiny(pooling), 1);
    return gguf;
  }

  private EmbeddingRequest request(List<int[]> inputs) {
    return new EmbeddingRequest(
        new SequenceId(++lastId),
        inputs.stream().flatMapToInt(IntStream::of).toArray(),
        inputs.stream().mapToInt(input -> input.length).toArray());
  }

  private float[][] embed(Engine engine, List<int[]> inputs) {
    RecordingVectors heard = new RecordingVectors();
    engine.embed(request(inputs), heard);
    assertThat(heard.awaitEnd()).isEqualTo(FinishReason.STOP);
    return heard.all();
  }

  private static List<int[]> tokenized(Path model, List<String> texts) {
    try (TextCodec text = PROVIDER.openText(model)) {
      return texts.stream().map(one -> text.tokenize(one, true, true)).toList();
    }
  }

  private static double cosine(float[] one, float[] other) {
    return IntStream.range(0, one.length).mapToDouble(i -> (double) one[i] * other[i]).sum();
  }

  private static void assertClose(float[] vector, float[] expected, double tolerance) {
    assertThat(vector).hasSameSizeAs(expected);
    for (int i = 0; i < vector.length; i++) {
      assertThat(vector[i]).isCloseTo(expected[i], within((float) tolerance));
    }
  }

  @Test
  void givesEachInputOfABatchTheVectorItHasAlone() throws IOException {
    for (Pooling pooling : List.of(Pooling.MEAN, Pooling.CLS, Pooling.LAST)) {
      Path model = encoder(pooling);
      Engine engine = load(model, Map.of());
      assertThat(engine.capabilities().task()).isEqualTo(ModelTask.EMBED);
      assertThat(engine.capabilities().vectorLength()).isEqualTo(64);
      List<int[]> inputs = tokenized(model, TEXTS);
      float[][] together = embed(engine, inputs);
      assertThat(together).hasDimensions(5, 64);
      for (int i = 0; i < inputs.size(); i++) {
        assertClose(together[i], embed(engine, List.of(inputs.get(i)))[0], 1e-4);
        assertThat(cosine(together[i], together[i])).isCloseTo(1, within(1e-6));
      }
      assertThat(cosine(together[0], together[2])).isLessThan(0.999);
    }
  }

  @Test
  void computesMoreInputsThanOneBatchHolds() throws IOException {
    Path model = encoder(Pooling.MEAN);
    Engine engine = load(model, Map.of("batch-tokens", "64"));
    List<int[]> inputs = tokenized(model, TEXTS);
    List<int[]> many =
        IntStream.range(0, 500).mapToObj(i -> inputs.get(i % inputs.size())).toList();
    float[][] vectors = embed(engine, many);
    assertThat(vectors).hasDimensions(500, 64);
    for (int i = 0; i < vectors.length; i++) {
      assertClose(vectors[i], vectors[i % inputs.size()], 1e-4);
    }
    assertThat(engine.stats().steps()).isGreaterThan(50);
    assertThat(engine.stats().promptTokens())
        .isEqualTo(many.stream().mapToLong(input -> input.length).sum());
    assertThat(engine.stats().runningSequences() + engine.stats().waitingSequences()).isZero();
  }

  @Test
  void ranksAsLlamaServerDoes() throws IOException {
    Path model = encoder(Pooling.RANK);
    Engine engine = load(model, Map.of());
    assertThat(engine.capabilities().task()).isEqualTo(ModelTask.RANK);
    assertThat(engine.capabilities().vectorLength()).isEqualTo(1);
    try (TextCodec text = PROVIDER.openText(model)) {
      int[] pair = text.rankInput("cat", "a dog");
      // [CLS] c a t [SEP] a d o g [SEP]
      assertThat(pair).containsExactly(2, 9, 6, 44, 3, 5, 11, 34, 18, 3);
      float[][] scores =
          embed(
              engine,
              List.of(pair, text.rankInput("cat", "the cat"), text.rankInput("cat", "cat")));
      assertThat(scores).hasDimensions(3, 1);
      // What llama-server's /v1/rerank answers for the same file.
      assertThat(scores[0][0]).isCloseTo(-1.864922f, within(1e-4f));
      assertThat(scores[1][0]).isCloseTo(-1.126273f, within(1e-4f));
      assertThat(scores[2][0]).isCloseTo(-1.422006f, within(1e-4f));
    }
  }

  @Test
  void embedsWithAModelThatGeneratesWhereItsPoolingIsSaid() throws IOException {
    Path model = TestModels.tiny(folder);
    Engine engine = load(model, Map.of("pooling", "last"));
    assertThat(PROVIDER.plan(model, settings(0, Map.of("pooling", "last"))).task())
        .isEqualTo(ModelTask.EMBED);
    List<int[]> inputs = List.of(new int[] {1, 300, 410}, new int[] {1, 333}, new int[] {1, 300});
    float[][] together = embed(engine, inputs);
    for (int i = 0; i < inputs.size(); i++) {
      assertClose(together[i], embed(engine, List.of(inputs.get(i)))[0], 1e-3);
    }
    assertThatThrownBy(() -> load(model, Map.of("pooling", "median")))
        .hasMessage("pooling must be none, mean, cls or last, is 'median'");
  }

  @Test
  void refusesWhatItIsNotFor() throws IOException {
    Engine embeds = load(encoder(Pooling.MEAN), Map.of());
    SequenceRequest generate =
        new SequenceRequest(new SequenceId(1), new int[] {5}, 0, 1, 1, Sampling.GREEDY);
    assertThatThrownBy(() -> embeds.submit(generate, new Recorder(1)))
        .isInstanceOfSatisfying(
            EngineException.class,
            refused -> assertThat(refused.kind()).isEqualTo(Kind.INVALID_REQUEST))
        .hasMessage("this model computes vectors and was not loaded to generate text");
    Engine generates = load(TestModels.tiny(folder), Map.of());
    assertThatThrownBy(() -> embed(generates, List.of(new int[] {1})))
        .hasMessage("this model generates text and was not loaded to embed");
    Path silent = encoder(Pooling.NONE);
    assertThatThrownBy(() -> load(silent, Map.of()))
        .isInstanceOfSatisfying(
            EngineException.class,
            refused -> assertThat(refused.kind()).isEqualTo(Kind.MODEL_REJECTED))
        .hasMessageContaining("names no pooling");
    assertThat(load(silent, Map.of("pooling", "cls")).capabilities().task())
        .isEqualTo(ModelTask.EMBED);
  }

  @Test
  void refusesInputsThatNativeCodeMustNotSee() throws IOException {
    Engine engine = load(encoder(Pooling.MEAN), Map.of());
    int size = engine.capabilities().vocabularySize();
    for (int token : new int[] {-1, size, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      assertThatThrownBy(() -> embed(engine, List.of(new int[] {2}, new int[] {token})))
          .hasMessage("token " + token + " is outside the vocabulary of " + size);
    }
    assertThatThrownBy(() -> embed(engine, List.of(new int[] {2}, new int[65])))
        .hasMessage("input 1 has 65 tokens, more than the 64 that the model takes at once");
    assertThat(embed(engine, List.of(new int[64]))).hasDimensions(1, 64);
    assertThatThrownBy(() -> new EmbeddingRequest(new SequenceId(9), new int[0], new int[0]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new EmbeddingRequest(new SequenceId(9), new int[2], new int[] {2, 0}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void endsEachRequestOnceWhateverHappens() throws IOException {
    Engine engine = load(encoder(Pooling.MEAN), Map.of("batch-tokens", "64"));
    int[] input = IntStream.generate(() -> 20).limit(60).toArray();
    List<int[]> long1 = Stream.generate(() -> input).limit(5000).toList();
    List<RecordingVectors> heard = new ArrayList<>();
    List<EmbeddingRequest> requests = List.of(request(long1), request(long1));
    for (EmbeddingRequest one : requests) {
      heard.add(new RecordingVectors());
      engine.embed(one, heard.getLast());
    }
    assertThatThrownBy(() -> embed(engine, List.of(input)))
        .isInstanceOfSatisfying(
            EngineException.class, full -> assertThat(full.kind()).isEqualTo(Kind.FULL));
    engine.cancel(requests.getFirst().id());
    assertThat(heard.getFirst().awaitEnd()).isEqualTo(FinishReason.CANCELLED);
    assertThat(embed(engine, List.of(input))).hasDimensions(1, 64);
    engine.close();
    assertThatThrownBy(() -> heard.getLast().awaitEnd())
        .isInstanceOfSatisfying(
            EngineException.class, closed -> assertThat(closed.kind()).isEqualTo(Kind.CLOSED));
    assertThatThrownBy(() -> embed(engine, List.of(input)))
        .isInstanceOfSatisfying(
            EngineException.class, closed -> assertThat(closed.kind()).isEqualTo(Kind.CLOSED));
  }

  @Test
  void givesTheVectorsThatLlamaServerGives() throws IOException {
    Path model = encoder(Pooling.MEAN);
    float[][] vectors = embed(load(model, Map.of()), tokenized(model, TEXTS));
    // The first numbers of what llama-server's /v1/embeddings answers for the same file.
    assertBegins(vectors[0], -0.239369, 0.053016, 0.072908, 0.062233, 0.045025, 0.028324);
    assertBegins(vectors[1], -0.19831, 0.114198, 0.100176, 0.042146, 0.09164, -0.028699);
    assertBegins(vectors[2], -0.214412, 0.038037, 0.09283, 0.034627, 0.016049, -0.012493);
  }

  private static void assertBegins(float[] vector, double... expected) {
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) vector[i]).isCloseTo(expected[i], within(1e-4));
    }
  }

  @Test
  void knowsCloseTextsFromFarOnes() throws Exception {
    Path model = SmallModels.file("all-minilm-l6-v2-q8_0");
    LoadPlan plan = PROVIDER.plan(model, EngineSettings.DEFAULTS);
    assertThat(plan.task()).isEqualTo(ModelTask.EMBED);
    assertThat(plan.vectorLength()).isEqualTo(384);
    List<String> texts =
        List.of(
            "A cat sits on the mat",
            "A kitten is resting on a rug",
            "The stock market fell today",
            "The cat sits on the mat.");
    float[][] vectors = embed(load(model, Map.of("kernels", "off")), tokenized(model, texts));
    assertThat(cosine(vectors[0], vectors[1])).isCloseTo(0.651, within(0.001));
    assertThat(cosine(vectors[0], vectors[2])).isCloseTo(0.107, within(0.001));
    // The first numbers of llama-server's answer.
    assertBegins(vectors[3], 0.132407, -0.030326, -0.02696, 0.041698, -0.038034, 0.042368);
    // Our own kernels round otherwise; 0.653 and 0.107 are the cosines of the model in full
    // precision.
    float[][] ours = embed(load(model, Map.of("kernels", "auto")), tokenized(model, texts));
    assertThat(cosine(ours[0], ours[1])).isCloseTo(0.653, within(0.003));
    assertThat(cosine(ours[0], ours[2])).isCloseTo(0.107, within(0.003));
  }
}
