package io.sampo.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.engines.spi.Adapter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SavedAdaptersTest {

  private static final Adapter SEA = new Adapter("sea", "/a/sea.gguf", 0.5f);
  private static final Adapter SKY = new Adapter("sky", "/a/sky.gguf", 1);

  @TempDir Path data;

  @ParameterizedTest
  @ValueSource(strings = {"tiny", "hf:org/repo:Q4_K_M", "..", "a b\u00e9"})
  void areThereAgainForTheSameModelOnly(String model) {
    SavedAdapters before = new SavedAdapters(data, model);
    before.put(SEA);
    before.put(SKY);
    assertThat(before.remove("sea")).isTrue();
    assertThat(before.remove("sea")).isFalse();
    before.put(SEA);

    assertThat(new SavedAdapters(data, model).all()).containsExactly(SKY, SEA);
    assertThat(new SavedAdapters(data, model + "2").all()).isEmpty();
    assertThat(data.resolve("adapters")).isDirectoryContaining("glob:**.json");
    assertThat(data).isDirectoryNotContaining("glob:**.json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{\"model\":\"tiny\"}",
        "{\"model\":\"tiny\",\"adapters\":[null]}",
        "{\"model\":\"tiny\",\"adapters\":[{\"name\":\"a b\",\"file\":\"f\",\"scale\":1}]}",
        "{\"model\":\"tiny\",\"adapters\":[{\"name\":\"sea\",\"file\":\"f\",\"scale\":1e9}]}",
        "{\"model\":\"tiny\",\"adapters\":[{\"name\":\"sea\",\"scale\":1}]}"
      })
  void aDamagedListCountsAsEmptyAndIsReplaced(String text) throws Exception {
    Path file = Files.createDirectories(data.resolve("adapters")).resolve("tiny.json");
    Files.writeString(file, text);
    SavedAdapters saved = new SavedAdapters(data, "tiny");
    assertThat(saved.all()).isEmpty();
    saved.put(SKY);
    assertThat(new SavedAdapters(data, "tiny").all()).containsExactly(SKY);
  }

  @Test
  void aFolderThatCannotBeWrittenCostsNothingButTheList() throws Exception {
    Files.writeString(data.resolve("adapters"), "a file where the folder should be");
    SavedAdapters saved = new SavedAdapters(data, "tiny");
    saved.put(SEA);
    assertThat(saved.all()).containsExactly(SEA);
  }

  @Test
  void withoutAFolderTheyLastAsLongAsTheNode() {
    SavedAdapters saved = new SavedAdapters(null, "tiny");
    saved.put(SEA);
    assertThat(saved.all()).containsExactly(SEA);
  }
}
