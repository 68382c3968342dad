package io.sampo.engines.modelstore.gguf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

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
      NetworkRules.check(file, knownArchitecture(file));
      VocabularyRules.check(file);
      return GgufSummary.of(file, tensors(model, file));
    }
  }

  /** The tensors of a model's file and, for a split model, of those beside it. */
  static List<GgufTensor> tensors(Path model, GgufFile file) throws IOException {
    List<GgufTensor> tensors = new ArrayList<>(file.tensors());
    int shards = shardCount(file);
    for (int i = 1; i < shards; i++) {
      tensors.addAll(shardTensors(model, i, shards));
    }
    return tensors;
  }

  /**
   * The files of a model that was validated: itself, or those of a split model in their order.
   *
   * @throws IOException when the first file cannot be read
   */
  public static List<Path> files(Path model) throws IOException {
    List<Path> files = new ArrayList<>(List.of(model));
    try (GgufFile file = GgufFile.open(model)) {
      int shards = shardCount(file);
      for (int i = 1; i < shards; i++) {
        files.add(shard(model, i, shards));
      }
    }
    return files;
  }

  /** The names of all architectures llama.cpp loads. */
  public static Set<String> architectures() {
    return ARCHITECTURES;
  }

  private static String knownArchitecture(GgufFile file) {
    String field = "key general.architecture";
    String architecture =
        file.string("general.architecture")
            .orElseThrow(() -> new GgufRejectedException("architecture must be given", field));
    if (!ARCHITECTURES.contains(architecture)) {
      throw new GgufRejectedException(
          "architecture must be one that llama.cpp knows, is '" + printable(architecture) + "'",
          field);
    }
    return architecture;
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

  static String printable(String text) {
    String start = text.length() > 40 ? text.substring(0, 40) + "…" : text;
    return start.replaceAll("\\p{Cntrl}", "?");
  }

  /** The resource's lines without comments. A loop, because this runs at every start. */
  private static Set<String> readArchitectures() {
    try (InputStream in = GgufValidator.class.getResourceAsStream("architectures.txt")) {
      byte[] text = Objects.requireNonNull(in).readAllBytes();
      Set<String> names = new HashSet<>();
      for (String line : new String(text, StandardCharsets.US_ASCII).split("\n", -1)) {
        if (!line.isEmpty() && !line.startsWith("#")) {
          names.add(line);
        }
      }
      return Collections.unmodifiableSet(names);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
