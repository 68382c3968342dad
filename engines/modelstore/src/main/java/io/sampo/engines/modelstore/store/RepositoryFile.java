package io.sampo.engines.modelstore.store;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.store.ModelReference.HuggingFace;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A file of a repository, wherever the repository is seen.
 *
 * @param path in the repository
 * @param bytes its size; negative when it is not known
 * @param sha256 in hexadecimal; null when it is not known
 */
record RepositoryFile(String path, long bytes, @Nullable String sha256) {

  /** The quantization taken where none is named. */
  static final String USUAL = "Q4_K_M";

  private static final Pattern SHARD = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");

  /**
   * The files that a reference means: one, or all of a split model in order.
   *
   * @throws ModelStoreException NOT_FOUND with what there is instead
   */
  static List<RepositoryFile> choose(HuggingFace reference, List<RepositoryFile> there)
      throws ModelStoreException {
    List<RepositoryFile> models = there.stream().filter(RepositoryFile::isModel).toList();
    if (models.isEmpty()) {
      throw new ModelStoreException(
          Kind.NOT_FOUND,
          reference.repository()
              + " has no GGUF file: look for a repository with GGUF in its name");
    }
    return shardsOf(chosen(reference, models), models);
  }

  private static boolean isModel(RepositoryFile entry) {
    String name = lower(entry.path());
    return name.endsWith(".gguf") && !name.contains("mmproj") && !name.contains("imatrix");
  }

  private static RepositoryFile chosen(HuggingFace reference, List<RepositoryFile> models)
      throws ModelStoreException {
    String file = reference.file();
    if (file != null) {
      return models.stream()
          .filter(e -> e.path().equals(file))
          .findFirst()
          .orElseThrow(() -> missing(reference, file, models));
    }
    String quantization = reference.quantization();
    if (quantization != null) {
      RepositoryFile found = withQuantization(models, quantization);
      if (found == null) {
        throw missing(reference, quantization, models);
      }
      return found;
    }
    RepositoryFile usual = withQuantization(models, USUAL);
    return usual == null ? models.getFirst() : usual;
  }

  /** The first file in whose path the quantization stands as a word of its own. */
  private static @Nullable RepositoryFile withQuantization(
      List<RepositoryFile> models, String quantization) {
    Pattern word =
        Pattern.compile("(?<![a-z0-9_])" + Pattern.quote(lower(quantization)) + "(?![a-z0-9_])");
    return models.stream()
        .filter(entry -> word.matcher(lower(entry.path())).find())
        .findFirst()
        .orElse(null);
  }

  private static List<RepositoryFile> shardsOf(RepositoryFile chosen, List<RepositoryFile> models)
      throws ModelStoreException {
    Matcher shard = SHARD.matcher(chosen.path());
    if (!shard.matches()) {
      return List.of(chosen);
    }
    int count = Integer.parseInt(shard.group(3));
    List<RepositoryFile> shards = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      String path = "%s-%05d-of-%05d.gguf".formatted(shard.group(1), i, count);
      shards.add(
          models.stream()
              .filter(e -> e.path().equals(path))
              .findFirst()
              .orElseThrow(
                  () -> new ModelStoreException(Kind.NOT_FOUND, path + " is missing there")));
    }
    return shards;
  }

  private static ModelStoreException missing(
      HuggingFace reference, String wanted, List<RepositoryFile> models) {
    String there =
        models.stream().limit(12).map(RepositoryFile::path).collect(Collectors.joining(", "));
    return new ModelStoreException(
        Kind.NOT_FOUND, reference.repository() + " has no " + wanted + "; it has " + there);
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
