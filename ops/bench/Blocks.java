import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.KvBlocks;
import io.sampo.engines.spi.KvSupport;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TokenLogprobs;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.block.KvLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;

/**
 * Moves the KV of 2048 tokens out of an engine and into it, and compares with computing it.
 *
 * <p>Arguments: the model's file, the number format of the KV, and how often.
 */
class Blocks {

  private static final int TOKENS = 2048;
  private static final int WARM_UP = 5;

  private final Engine engine;
  private final KvBlocks blocks;
  private final KvLayout layout;
  private final List<MemorySegment> memory;
  private final Random random = new Random(7);
  private long ids;

  private Blocks(Engine engine) {
    this.engine = engine;
    blocks = engine.kvBlocks();
    layout = ((KvSupport.Offered) blocks.support().join()).layout();
    memory =
        IntStream.range(0, TOKENS / layout.blockTokens())
            .mapToObj(_ -> Arena.ofAuto().allocate(layout.blockBytes()))
            .toList();
  }

  public static void main(String[] arguments) throws InterruptedException {
    EngineSettings settings =
        new EngineSettings(
            TOKENS + 256,
            4,
            2,
            0,
            KvType.valueOf(arguments[1].toUpperCase(Locale.ROOT)),
            FlashAttention.ON,
            false,
            Map.of("retain-tokens", "8192"));
    EngineProvider provider =
        ServiceLoader.load(EngineProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(one -> one.name().equals("llamacpp"))
            .findFirst()
            .orElseThrow();
    long began = System.nanoTime();
    try (Engine engine = provider.load(Path.of(arguments[0]), settings)) {
      double loaded = seconds(began);
      Blocks blocks = new Blocks(engine);
      System.out.printf(
          "loaded in %.2f s, fingerprint and layout %.2f s later%n",
          loaded, seconds(began) - loaded);
      blocks.run(Integer.parseInt(arguments[2]));
    }
  }

  private void run(int times) throws InterruptedException {
    double gigabytes = layout.payloadBytes() * (double) memory.size() / 1e9;
    System.out.printf(
        "%d tokens: %d blocks of %d bytes, keys and values %s, %.3f GB%n",
        TOKENS, memory.size(), layout.blockBytes(), layout.keys(), gigabytes);
    int[] text = text();
    double computed = firstToken(text);
    List<Double> out = new ArrayList<>();
    List<Double> check = new ArrayList<>();
    List<Double> in = new ArrayList<>();
    List<Double> rest = new ArrayList<>();
    for (int round = -WARM_UP; round < times; round++) {
      long began = System.nanoTime();
      List<KvBlock> exported = blocks.exportBlocks(text, 0, memory).join();
      double exporting = seconds(began);
      began = System.nanoTime();
      KvChain chain =
          new KvChain(exported.stream().map(one -> KvBlock.open(one.bytes(), layout)).toList());
      double checking = seconds(began);
      // The same bytes under a new text, so that the engine does not hold them already.
      int[] another = text();
      began = System.nanoTime();
      int held = blocks.importBlocks(another, chain).join();
      double importing = seconds(began);
      double last = firstToken(another);
      if (exported.size() != memory.size() || held != TOKENS) {
        throw new IllegalStateException(exported.size() + " blocks out, " + held + " tokens in");
      }
      // What was used last is what is kept longest.
      text = another;
      if (round >= 0) {
        out.add(exporting);
        check.add(checking);
        in.add(importing);
        rest.add(last);
      }
    }
    double restored = median(check) + median(in);
    System.out.printf(
        "export %.2f GB/s, import %.2f GB/s, check of peers' bytes %.2f GB/s (medians of %d)%n",
        gigabytes / median(out), gigabytes / median(in), gigabytes / median(check), times);
    System.out.printf(
        "computed in %.2f s (to the first token), checked and restored in %.4f s: %.0f times"
            + " faster; first token %.3f s after that%n",
        computed, restored, computed / restored, median(rest));
    besideAStream(text);
  }

  /** What a running answer notices of blocks that move all the time. */
  private void besideAStream(int[] text) throws InterruptedException {
    List<Double> alone = gaps(() -> {});
    List<KvBlock> exported = blocks.exportBlocks(text, 0, memory).join();
    List<Double> beside =
        gaps(
            () -> {
              int[] another = text();
              blocks.importBlocks(another, new KvChain(exported)).join();
              blocks.exportBlocks(another, 0, memory).join();
            });
    System.out.printf(
        "gaps of a running answer: alone median %.1f ms, longest %.1f ms; while blocks move median"
            + " %.1f ms, longest %.1f ms%n",
        1e3 * median(alone), 1e3 * alone.getLast(), 1e3 * median(beside), 1e3 * beside.getLast());
  }

  private List<Double> gaps(Runnable meanwhile) throws InterruptedException {
    Times heard = new Times();
    engine.submit(request(new int[] {1, 2, 3}, 64), heard);
    while (!heard.ended) {
      meanwhile.run();
      Thread.sleep(1);
    }
    List<Double> gaps = new ArrayList<>();
    List<Long> times = new ArrayList<>();
    heard.tokens.drainTo(times);
    for (int i = 1; i < times.size(); i++) {
      gaps.add((times.get(i) - times.get(i - 1)) / 1e9);
    }
    gaps.sort(null);
    return gaps;
  }

  private double firstToken(int[] text) throws InterruptedException {
    Times heard = new Times();
    long began = System.nanoTime();
    engine.submit(request(text, 1), heard);
    return (heard.tokens.take() - began) / 1e9;
  }

  /** One token more than the blocks hold, since the last one is always computed. */
  private int[] text() {
    return IntStream.range(0, TOKENS + 1).map(_ -> 1000 + random.nextInt(100_000)).toArray();
  }

  private SequenceRequest request(int[] prompt, int tokens) {
    Sampling greedy =
        new Sampling(
            0f, 0, 1f, 0f, 1f, 1f, 0, 0f, 0f, 0, 0, new int[0], new float[0], true, -1, null);
    return new SequenceRequest(new SequenceId(++ids), prompt, 0, tokens, Integer.MAX_VALUE, greedy);
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  /** When each token came. */
  private static final class Times implements SequenceListener {
    private final BlockingQueue<Long> tokens = new LinkedBlockingQueue<>();
    private volatile boolean ended;

    @Override
    public void onStarted(int cachedTokens) {}

    @Override
    public void onTokens(int firstIndex, int[] more, TokenLogprobs[] logprobs) {
      tokens.add(System.nanoTime());
    }

    @Override
    public void onFinished(FinishReason reason) {
      ended = true;
    }

    @Override
    public void onFailed(EngineException failure) {
      throw failure;
    }
  }
}
