package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sampo.engines.llamacpp.jni.NativeLibrary;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.KernelStats;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our own kernels inside a running engine. What they compute is held against exact products by the
 * native exercise (sanitize.sh).
 */
class KernelsTest {

  private static final String PROMPT = "a b c d e f g h a c b d e g f h a b c d";
  private static final int TOKENS = 24;

  @TempDir private static Path folder;
  private static Path wide = Path.of("");

  @BeforeAll
  static void write() throws IOException {
    wide = folder.resolve("wide.gguf");
    TestModels.wide(wide);
  }

  private static Path quantized(String kind) {
    Path model = folder.resolve(kind + ".gguf");
    NativeLibrary.quantize(wide, model, kind, 1);
    return model;
  }

  private static List<String> variants() {
    List<String> variants = NativeLibrary.kernels().variants();
    assumeThat(variants).isNotEmpty();
    return variants;
  }

  private static KernelStats statsOf(Path model, String kernels) {
    try (Teller teller = new Teller(model, 1, false, 1, kernels)) {
      return teller.engine.kernels();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Q4_0", "Q8_0", "Q4_K_M", "Q5_K_M", "Q6_K"})
  void takeOverTheMatricesOfTheirFormats(String kind) {
    String fastest = variants().getFirst();
    KernelStats taken = statsOf(quantized(kind), "auto");
    assertThat(taken.variant()).isEqualTo(fastest);
    assertThat(taken.matrices()).isEqualTo(15);
    assertThat(taken.packedBytes())
        .isBetween(taken.fileBytes(), taken.fileBytes() + taken.fileBytes() / 20);
  }

  @Test
  void leaveOtherFormatsAlone() {
    variants();
    assertThat(statsOf(wide, "auto").matrices()).isZero();
  }

  @Test
  void takeNothingWhereTheyAreOff() {
    assertThat(statsOf(quantized("Q4_K_M"), "off")).isEqualTo(KernelStats.NONE);
  }

  @Test
  void answerAlikeInEveryVariant() throws Exception {
    Path model = quantized("Q4_K_M");
    Set<List<Integer>> answers = new HashSet<>();
    for (String variant : variants()) {
      try (Teller teller = new Teller(model, 1, true, 1, variant)) {
        assertThat(teller.engine.kernels().variant()).isEqualTo(variant);
        answers.add(teller.tell(PROMPT, TOKENS, null).tokens());
      }
    }
    assertThat(answers).hasSize(1);
  }

  @Test
  void serveOneEngineAndLeaveItsNeighbourAsItWas() throws Exception {
    variants();
    Path model = quantized("Q6_K");
    List<Integer> with;
    List<Integer> without;
    try (Teller off = new Teller(model, 1, true, 1, "off")) {
      without = off.tell(PROMPT, TOKENS, null).tokens();
    }
    try (Teller on = new Teller(model, 1, true, 1, "auto")) {
      with = on.tell(PROMPT, TOKENS, null).tokens();
    }
    try (Teller off = new Teller(model, 1, true, 1, "off");
        Teller on = new Teller(model, 1, true, 1, "auto")) {
      for (int round = 0; round < 3; round++) {
        assertThat(on.tell(PROMPT, TOKENS, null).tokens()).isEqualTo(with);
        assertThat(off.tell(PROMPT, TOKENS, null).tokens()).isEqualTo(without);
      }
      assertThat(off.engine.kernels()).isEqualTo(KernelStats.NONE);
      assertThat(on.engine.kernels().matrices()).isEqualTo(15);
    }
  }

  @Test
  void areRefusedByAWrongName() {
    assertThatThrownBy(() -> statsOf(wide, "fast"))
        .isInstanceOf(EngineException.class)
        .hasMessage("kernels must be one of auto, avx-vnni, avx2, avx512-vnni, off, is 'fast'");
  }
}
