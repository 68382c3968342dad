package io.sampo.engines.modelstore.gguf;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Checks a model before native code sees it. Native readers answer a hostile file with an abort or
 * worse, so everything they rely on is verified here: the structure of each file, that all files of
 * a split model are there, that the architecture is one that llama.cpp knows.
 */
public final class GgufValidator {

  private static final Set<String> ARCHITECTURES = readArchitectures();
  private static final int MAX_SHARDS = 99_999;

  private GgufValidator() {}

  /**
   * Checks a model.
   *
   * @param model its file; of a split model the first one, with the others beside it
   * @return what the model is
   * @throws GgufRejectedException when a rule is broken
   * @throws IOException when a file cannot be read
   */
  public static GgufSummary validate(Path model) throws IOException {
    try (GgufFile file = GgufFile.open(model)) {
      checkArchitecture(file);
      checkVocabulary(file);
      List<GgufTensor> tensors = new ArrayList<>(file.tensors());
      int shards = shardCount(file);
      for (int i = 1; i < shards; i++) {
        tensors.addAll(shardTensors(model, i, shards));
      }
      return GgufSummary.of(file, tensors);
    }
  }

  /** The names of all architectures llama.cpp loads. */
  public static Set<String> architectures() {
    return ARCHITECTURES;
  }

  private static void checkArchitecture(GgufFile file) {
    String field = "key general.architecture";
    String architecture =
        file.string("general.architecture")
            .orElseThrow(() -> new GgufRejectedException("architecture must be given", field));
    if (!ARCHITECTURES.contains(architecture)) {
      throw new GgufRejectedException(
          "architecture must be one that llama.cpp knows, is '" + printable(architecture) + "'",
          field);
    }
  }

  /** Native code takes the type and length of the lists that describe tokens for granted. */
  private static void checkVocabulary(GgufFile file) {
    if (!file.keys().contains("tokenizer.ggml.tokens")) {
      return;
    }
    file.requireArray("tokenizer.ggml.tokens", GgufValueType.STRING);
    long tokens = file.arrayLength("tokenizer.ggml.tokens").orElse(0);
    checkPerToken(file, "tokenizer.ggml.scores", GgufValueType.FLOAT32, tokens);
    checkPerToken(file, "tokenizer.ggml.token_type", GgufValueType.INT32, tokens);
    if (file.keys().contains("tokenizer.ggml.merges")) {
      file.requireArray("tokenizer.ggml.merges", GgufValueType.STRING);
    }
  }

  private static void checkPerToken(GgufFile file, String key, GgufValueType element, long tokens) {
    if (!file.keys().contains(key)) {
      return;
    }
    file.requireArray(key, element);
    if (file.arrayLength(key).orElse(0) < tokens) {
      throw new GgufRejectedException("array must have an element for each token", "key " + key);
    }
  }

  private static int shardCount(GgufFile file) {
    long count = file.integer("split.count").orElse(0);
    long number = file.integer("split.no").orElse(0);
    if (count <= 1) {
      return 1;
    }
    if (count > MAX_SHARDS) {
      throw new GgufRejectedException(
          "files of a split model must be at most " + MAX_SHARDS, "key split.count");
    }
    if (number != 0) {
      throw new GgufRejectedException(
          "a split model must be given by its first file", "key split.no");
    }
    return (int) count;
  }

  private static List<GgufTensor> shardTensors(Path first, int index, int shards)
      throws IOException {
    Path file = shard(first, index, shards);
    if (!Files.isRegularFile(file)) {
      throw new GgufRejectedException(
          "all files of a split model must be there, missing is " + file.getFileName(),
          "key split.count");
    }
    try (GgufFile shard = GgufFile.open(file)) {
      return shard.tensors();
    }
  }

  private static Path shard(Path first, int index, int shards) {
    String name = Objects.requireNonNull(first.getFileName()).toString();
    String suffix = "-%05d-of-%05d.gguf";
    String own = suffix.formatted(1, shards);
    if (!name.endsWith(own)) {
      throw new GgufRejectedException(
          "a split model's first file must be named …" + own, "key split.count");
    }
    String stem = name.substring(0, name.length() - own.length());
    return first.resolveSibling(stem + suffix.formatted(index + 1, shards));
  }

  private static String printable(String text) {
    String start = text.length() > 40 ? text.substring(0, 40) + "…" : text;
    return start.replaceAll("\\p{Cntrl}", "?");
  }

  private static Set<String> readArchitectures() {
    try (var in = GgufValidator.class.getResourceAsStream("architectures.txt");
        var lines =
            new BufferedReader(
                new InputStreamReader(Objects.requireNonNull(in), StandardCharsets.UTF_8))) {
      return lines
          .lines()
          .filter(line -> !line.startsWith("#"))
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
