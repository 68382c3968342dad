package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.modelstore.gguf.Pooling;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LoadChoiceTest {

  private static final long GIB = 1L << 30;

  private static GgufSummary model(int trained, long kvElements) {
    return new GgufSummary(
        "llama",
        "",
        "",
        1,
        "F16",
        trained,
        16,
        2048,
        32,
        8,
        128_256,
        false,
        kvElements,
        GIB,
        Pooling.NONE,
        2048);
  }

  private static EngineSettings settings(int context, Map<String, String> options) {
    return new EngineSettings(context, 0, 0, 0, KvType.F16, FlashAttention.AUTO, false, options);
  }

  private static int context(GgufSummary model, int asked, long available) {
    return LoadChoice.of(model, settings(asked, Map.of()), available).contextTokens();
  }

  @Test
  void choosesTheContextThatModelMemoryAndHabitAllow() {
    assertThat(context(model(131_072, 16_384), 0, 64 * GIB)).isEqualTo(8192);
    assertThat(context(model(512, 16_384), 0, 64 * GIB)).isEqualTo(512);
    assertThat(context(model(131_072, 16_384), 0, GIB)).isEqualTo(4096);
    assertThat(context(model(131_072, 16_384), 0, 0)).isEqualTo(256);
    assertThat(context(model(131_072, 0), 0, 0)).isEqualTo(8192);
  }

  @Test
  void keepsAnAskedContextWithinWhatTheModelWasTrainedFor() {
    assertThat(context(model(131_072, 16_384), 100_000, GIB)).isEqualTo(100_000);
    assertThat(context(model(512, 16_384), 4096, GIB)).isEqualTo(512);
  }

  @Test
  void countsKvOfAllSequences() {
    LoadChoice choice = LoadChoice.of(model(8192, 16_384), settings(1024, Map.of()), GIB);
    assertThat(choice.maxSequences()).isEqualTo(4);
    assertThat(choice.kvBytesPerToken()).isEqualTo(32_768);
    assertThat(choice.kvBytes()).isEqualTo(4L * 1024 * 32_768);
  }

  @Test
  void keepsOfEndedSequencesWhatPaysUnlessANumberIsGiven() {
    assertThat(LoadChoice.of(model(512, 16_384), settings(0, Map.of()), GIB))
        .matches(choice -> choice.retainTokens() == Integer.MAX_VALUE && choice.rowCells() >= 1);
    assertThat(LoadChoice.of(model(512, 16_384), settings(0, Map.of("retain-tokens", "300")), GIB))
        .matches(choice -> choice.retainTokens() == 300 && choice.rowCells() == 0);
  }

  @Test
  void namesAnOptionThatIsUnknownOrWrong() {
    assertRejected(
        Map.of("batch", "1"),
        "no option 'batch'; it has batch-tokens, draft-model, draft-p-min, draft-tokens,"
            + " inter-token-millis, kernels, pooling");
    assertRejected(Map.of("batch-tokens", "many"), "batch-tokens must be 1 to 65536, is 'many'");
    assertRejected(Map.of("retain-tokens", "-1"), "retain-tokens must be 0 to 2147483647, is '-1'");
    assertRejected(
        Map.of("inter-token-millis", "60001"), "inter-token-millis must be 0 to 60000, is '60001'");
    assertRejected(Map.of("ubatch-tokens", "0"), "ubatch-tokens must be 1 to 65536, is '0'");
  }

  private static void assertRejected(Map<String, String> options, String message) {
    assertThatThrownBy(() -> LoadChoice.of(model(512, 1), settings(0, options), GIB))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining(message);
  }
}
