package io.sampo.engines.modelstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.store.ModelReference.HuggingFace;
import io.sampo.engines.modelstore.store.ModelReference.LocalFile;
import io.sampo.engines.modelstore.store.ModelReference.Stories;
import io.sampo.engines.modelstore.store.ModelReference.WebFile;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelReferenceTest {

  @Test
  void readsEachKind() throws IOException {
    assertThat(ModelReference.parse("stories15m")).isEqualTo(new Stories());
    assertThat(ModelReference.parse("https://example.org/m.gguf?x=1"))
        .isEqualTo(new WebFile(URI.create("https://example.org/m.gguf?x=1")));
    assertThat(ModelReference.parse("./m.gguf")).isEqualTo(new LocalFile(Path.of("./m.gguf")));
    assertThat(ModelReference.parse("m.gguf")).isEqualTo(new LocalFile(Path.of("m.gguf")));
    assertThat(ModelReference.parse("hf:org/repo-GGUF"))
        .isEqualTo(new HuggingFace("org/repo-GGUF", null, null));
    assertThat(ModelReference.parse("hf:org/repo:q8_0"))
        .isEqualTo(new HuggingFace("org/repo", "Q8_0", null));
    assertThat(ModelReference.parse("hf:org/repo/sub/m.gguf"))
        .isEqualTo(new HuggingFace("org/repo", null, "sub/m.gguf"));
    assertThat(ModelReference.parse("org/repo:Q4_K_M").name()).isEqualTo("hf:org/repo:Q4_K_M");
  }

  @Test
  void prefersAFileThatExistsToARepository(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(Files.createDirectory(folder.resolve("org")).resolve("repo"));
    assertThat(ModelReference.parse(file.toString())).isEqualTo(new LocalFile(file));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "gpt-4",
        "hf:",
        "hf:org",
        "hf:org/../../etc/passwd",
        "hf:org/repo/..",
        "hf:.org/repo",
        "hf:org/repo:Q4/../x",
        "hf:org/re po",
        "https://user:password@example.org/m",
        "https:///m",
        "a\nb"
      })
  void refusesWhatNamesNoModel(String text) {
    assertThatThrownBy(() -> ModelReference.parse(text))
        .isInstanceOfSatisfying(
            ModelStoreException.class,
            refused -> assertThat(refused.kind()).isEqualTo(Kind.INVALID_MODEL_ID))
        .hasMessageContaining("names no model: give stories15m")
        .hasMessageNotContaining("\n");
  }
}
