package io.sampo.engines.modelstore.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.modelstore.gguf.GgufFile;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.modelstore.gguf.GgufValidator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class StoriesModelTest {

  private static final Duration DEADLINE = Duration.ofMinutes(4);

  @TempDir Path folder;

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void givesTheSameBytesEverywhere() throws Exception {
    Path gguf = folder.resolve("stories15m.gguf");
    StoriesModel.create(gguf, DEADLINE);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(gguf));
    assertThat(HexFormat.of().formatHex(digest)).isEqualTo(StoriesModel.GGUF_SHA256);
    describesTheModel(GgufValidator.validate(gguf));
    knowsLlamasTokens(gguf);
  }

  private static void describesTheModel(GgufSummary summary) {
    assertThat(summary.parameters()).isEqualTo(15_191_712);
    assertThat(summary.fileType()).isEqualTo("F16");
    assertThat(summary.trainedContextTokens()).isEqualTo(256);
    assertThat(summary.vocabularySize()).isEqualTo(32_000);
    assertThat(summary.kvBytesPerTokenF16()).isEqualTo(6 * 2 * 288 * 2);
    assertThat(summary.hasChatTemplate()).isFalse();
  }

  private static void knowsLlamasTokens(Path gguf) throws IOException {
    try (GgufFile file = GgufFile.open(gguf)) {
      List<String> tokens = file.strings("tokenizer.ggml.tokens").orElseThrow();
      assertThat(tokens.subList(0, 4)).containsExactly("<unk>", "<s>", "</s>", "<0x00>");
      assertThat(tokens.subList(258, 262)).containsExactly("<0xFF>", "▁▁", "▁t", "er");
    }
  }

  @Test
  void saysWhatToInstallWithoutNpm() {
    assertThatThrownBy(() -> StoriesModel.create("no-such-npm", folder.resolve("m"), DEADLINE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("install Node.js with npm");
  }

  @Test
  void refusesAnArchiveWithoutTheModel() throws IOException {
    Path notAnArchive = Files.writeString(folder.resolve("x.tgz"), "nothing");
    assertThatThrownBy(() -> StoriesModel.convert(notAnArchive, folder.resolve("m")))
        .isInstanceOf(IOException.class);
  }
}
