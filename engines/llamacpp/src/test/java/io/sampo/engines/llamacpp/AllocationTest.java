package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TokenLogprobs;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a token costs the Java heap on the engine's own thread. */
@Timeout(60)
class AllocationTest {

  /** The token's own array, which its listener may keep, and its place in the sequence's. */
  private static final long MOST_BYTES_A_TOKEN = 64;

  private static final int TOKENS = 200;
  private static final int WARM_UP = 50;

  @TempDir private static Path folder;
  private static Path model = Path.of("");

  @BeforeAll
  static void write() throws IOException {
    model = TestModels.tiny(folder);
  }

  /** Reads, at the first and the last token that count, what its thread has allocated. */
  private static final class Meter implements SequenceListener {

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final CountDownLatch over = new CountDownLatch(1);
    private long before;
    private long after;

    @Override
    public void onStarted(int cachedTokens) {}

    @Override
    public void onTokens(int firstIndex, int[] ids, TokenLogprobs @Nullable [] logprobs) {
      if (firstIndex == WARM_UP) {
        before = threads.getCurrentThreadAllocatedBytes();
      } else if (firstIndex == TOKENS - 1) {
        after = threads.getCurrentThreadAllocatedBytes();
      }
    }

    @Override
    public void onFinished(FinishReason reason) {
      over.countDown();
    }

    @Override
    public void onFailed(EngineException failure) {
      over.countDown();
    }

    long bytesPerToken() throws InterruptedException {
      assertThat(over.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(after).isGreaterThan(before);
      return (after - before) / (TOKENS - 1 - WARM_UP);
    }
  }

  @Test
  void aTokenAllocatesLittleMoreThanItself() throws InterruptedException {
    Sampling sampling =
        new Sampling(
            1f, 40, 0.9f, 0f, 1f, 1.1f, 64, 0f, 0f, 1, 0, new int[0], new float[0], true, -1, null);
    EngineSettings settings =
        new EngineSettings(0, 1, 1, 0, KvType.F16, FlashAttention.AUTO, false, Map.of());
    try (Engine engine = new LlamaCppProvider().load(model, settings)) {
      for (int round = 0; round < 2; round++) {
        Meter meter = new Meter();
        engine.submit(
            new SequenceRequest(
                new SequenceId(round), new int[] {1, 300}, 0, TOKENS, Integer.MAX_VALUE, sampling),
            meter);
        assertThat(meter.bytesPerToken()).isLessThanOrEqualTo(MOST_BYTES_A_TOKEN);
      }
    }
  }
}
