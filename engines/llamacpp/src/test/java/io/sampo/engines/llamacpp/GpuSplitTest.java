package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.llamacpp.GpuSplit.Gpu;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.modelstore.gguf.Pooling;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.LoadPlan;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A model of 32 layers and an output matrix, of some 100 MiB each with their keys and values. */
class GpuSplitTest {

  private static final long MIB = 1L << 20;
  private static final GgufSummary MODEL =
      new GgufSummary(
          "llama",
          "",
          "",
          1,
          "F16",
          4096,
          32,
          2048,
          32,
          8,
          32_000,
          false,
          0,
          3300 * MIB,
          Pooling.NONE,
          2048);
  private static final LoadPlan PLAN =
      LoadChoice.of(MODEL, EngineSettings.DEFAULTS, 64L << 30).plan(MODEL);
  private static final long OVERHEAD = PLAN.computeBytes() / MIB + 1 + 512;

  private static List<Gpu> gpus(long... freeMib) {
    return IntStream.range(0, freeMib.length)
        .mapToObj(i -> new Gpu("gpu" + i, freeMib[i] * MIB))
        .toList();
  }

  private static GpuSplit split(List<Gpu> gpus, int asked, float... given) {
    return GpuSplit.of(MODEL, PLAN, gpus, asked, given);
  }

  private static void assertSplit(GpuSplit split, int layers, float... shares) {
    assertThat(split.layers()).isEqualTo(layers);
    assertThat(split.shares()).containsExactly(shares);
    assertThat(split.devices().isEmpty()).isEqualTo(layers == 0);
  }

  @Test
  void keepsAllOnTheCpuWithoutAGpuOrWhenAsked() {
    assertSplit(split(gpus(), EngineSettings.AUTO), 0);
    assertSplit(split(gpus(80_000), 0), 0);
    assertSplit(split(gpus(100), EngineSettings.AUTO), 0);
  }

  @Test
  void takesAsManyLayersAsFitBesideAPassAndASpare() {
    assertSplit(split(gpus(80_000), EngineSettings.AUTO), 33);
    assertSplit(split(gpus(OVERHEAD + 1050), EngineSettings.AUTO), 10);
  }

  @Test
  void dividesByWhatFitsOnEachDevice() {
    assertSplit(split(gpus(OVERHEAD + 1050, OVERHEAD + 2050), EngineSettings.AUTO), 30, 10, 20);
    assertSplit(split(gpus(100, 80_000), EngineSettings.AUTO), 33, 0, 33);
  }

  @Test
  void readsSharesAndRefusesWhatIsNone() {
    assertThat(GpuSplit.shares(Map.of(), 2)).isEmpty();
    assertThat(GpuSplit.shares(Map.of("tensor-split", "3/1.5"), 2)).containsExactly(3, 1.5f);
    for (String text : List.of("", "3,1", "3/x", "-1/2", "0/0", "NaN/1")) {
      assertThatThrownBy(() -> GpuSplit.shares(Map.of("tensor-split", text), 2))
          .hasMessageContaining("must be shares like 3/1");
    }
    assertThatThrownBy(() -> GpuSplit.shares(Map.of("tensor-split", "1/1/1"), 2))
        .hasMessage("tensor-split divides among 3 GPUs, and there are 2");
  }

  @Test
  void obeysWhatIsAsked() {
    assertSplit(split(gpus(80_000), 7), 7);
    assertSplit(split(gpus(80_000), 99), 33);
    assertSplit(split(gpus(80_000, 80_000), 99, 3, 1), 33, 3, 1);
    assertSplit(split(gpus(OVERHEAD + 1550, OVERHEAD + 1550), EngineSettings.AUTO, 3, 1), 20, 3, 1);
  }
}
