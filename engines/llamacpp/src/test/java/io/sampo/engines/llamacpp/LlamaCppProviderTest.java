package io.sampo.engines.llamacpp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.llamacpp.jni.NativeLibrary;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.LoadPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlamaCppProviderTest {

  private final LlamaCppProvider provider = new LlamaCppProvider();

  @TempDir Path folder;

  private static EngineSettings settings(KvType kv, FlashAttention attention) {
    return new EngineSettings(128, 2, 1, 0, kv, attention, false, Map.of());
  }

  @Test
  void isFoundByItsName() {
    assertThat(ServiceLoader.load(EngineProvider.class))
        .anySatisfy(
            found -> {
              assertThat(found.name()).isEqualTo("llamacpp");
              assertThat(found.simulated()).isFalse();
            });
  }

  @Test
  void plansWhatItThenLoads() throws IOException {
    Path model = TestModels.tiny(folder);
    LoadPlan plan = provider.plan(model, EngineSettings.DEFAULTS);
    assertThat(plan.architecture()).isEqualTo("llama");
    assertThat(plan.contextTokens()).isEqualTo(256);
    assertThat(plan.maxSequences()).isEqualTo(4);
    assertThat(plan.kvBytes()).isEqualTo(4L * 256 * 2 * 2 * 2 * 16 * 2);
    try (var engine = provider.load(model, EngineSettings.DEFAULTS)) {
      assertThat(engine.capabilities().contextTokens()).isEqualTo(plan.contextTokens());
      assertThat(engine.capabilities().kvBytesPerToken()).isEqualTo(plan.kvBytes() / 1024);
      assertThat(engine.capabilities().vocabularySize()).isEqualTo(512);
      assertThat(engine.stats().kvTokensTotal()).isEqualTo(1024);
    }
  }

  @Test
  void loadsWithEveryKvType() throws IOException {
    Path model = folder.resolve("wide.gguf");
    TestModels.wide(model);
    for (KvType type : KvType.values()) {
      try (var engine = provider.load(model, settings(type, FlashAttention.ON))) {
        assertThat(engine.capabilities().contextTokens()).isEqualTo(128);
      }
    }
    assertThatThrownBy(() -> provider.load(model, settings(KvType.Q8_0, FlashAttention.OFF)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("flash");
  }

  @Test
  void namesTheRuleThatAFileBreaks() throws IOException {
    Path model = TestModels.tiny(folder);
    byte[] whole = Files.readAllBytes(model);
    assertRejected(write("cut.gguf", Arrays.copyOf(whole, whole.length - 4096)), "inside the file");
    assertRejected(write("text.gguf", "not a model".getBytes(UTF_8)), "magic must be GGUF");
    assertRejected(folder.resolve("missing.gguf"), "no such file");
    Path foreign = folder.resolve("foreign.gguf");
    new GgufWriter().string("general.architecture", "abacus").write(foreign);
    assertRejected(foreign, "abacus");
    Path empty = folder.resolve("empty.gguf");
    new GgufWriter().string("general.architecture", "llama").write(empty);
    assertRejected(empty, "empty.gguf");
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private void assertRejected(Path model, String reason) {
    assertThatThrownBy(() -> provider.load(model, EngineSettings.DEFAULTS))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.MODEL_REJECTED))
        .hasMessageContaining(reason);
    assertThatThrownBy(() -> provider.openText(model))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.MODEL_REJECTED))
        .hasMessageContaining(reason);
  }

  @Test
  void refusesAContextThatTheMemoryCannotHold() throws IOException {
    Path model = folder.resolve("wide.gguf");
    TestModels.wide(model);
    EngineSettings huge =
        new EngineSettings(1 << 22, 256, 1, 0, KvType.F16, FlashAttention.AUTO, false, Map.of());
    assertThatThrownBy(() -> provider.load(model, huge))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.OUT_OF_MEMORY))
        .hasMessageContaining("make either smaller");
  }

  @Test
  void quantizesAModelThatThenLoads() throws IOException {
    Path from = folder.resolve("wide.gguf");
    TestModels.wide(from);
    Path to = folder.resolve("q4.gguf");
    NativeLibrary.quantize(from, to, "Q4_K_M", 1);
    assertThat(Files.size(to)).isLessThan(Files.size(from) / 2);
    try (var engine = provider.load(to, settings(KvType.F16, FlashAttention.AUTO))) {
      assertThat(engine.capabilities().vocabularySize()).isEqualTo(512);
    }
    assertThatThrownBy(() -> NativeLibrary.quantize(from, to, "Q17", 1))
        .hasMessage("no such quantization: Q17");
  }
}
