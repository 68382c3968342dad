package io.sampo.engines.modelstore.synthetic;

import io.sampo.engines.modelstore.gguf.GgufFile;
import io.sampo.engines.modelstore.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Where a synthetic model's tokens come from. */
public sealed interface SyntheticVocabulary {

  /** All tokenizer metadata of another GGUF file, its chat template included. */
  record Donor(Path file) implements SyntheticVocabulary {}

  /**
   * A SentencePiece vocabulary made up of bytes, letters and syllables, with the usual first three
   * tokens (unknown 0, begin 1, end 2). Any text can be tokenized with it.
   *
   * @param size tokens, at least {@value #MIN_SIZE}
   * @param control texts of further tokens that are not part of an answer's text, the last ids
   */
  record Generated(int size, List<String> control) implements SyntheticVocabulary {

    private static final int MIN_SIZE = 300;

    public Generated(int size) {
      this(size, List.of());
    }

    public Generated {
      control = List.copyOf(control);
      if (size < MIN_SIZE) {
        throw new IllegalArgumentException("a vocabulary needs " + MIN_SIZE + " tokens or more");
      }
    }
  }

  /** Adds the tokenizer metadata to a file being made and gives the number of tokens. */
  default int describe(GgufWriter writer) throws IOException {
    return switch (this) {
      case Donor donor -> copy(donor.file(), writer);
      case Generated generated -> generate(generated.size(), generated.control(), writer);
    };
  }

  private static int copy(Path donor, GgufWriter writer) throws IOException {
    try (GgufFile file = GgufFile.open(donor)) {
      long tokens = file.arrayLength("tokenizer.ggml.tokens").orElse(0);
      if (tokens == 0) {
        throw new IOException(donor + " has no vocabulary to copy");
      }
      file.keys().stream()
          .filter(key -> key.startsWith("tokenizer."))
          .forEach(key -> writer.copy(key, file));
      return (int) tokens;
    }
  }

  private static int generate(int size, List<String> control, GgufWriter writer) {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    int[] types = new int[size];
    Arrays.fill(types, 1);
    types[0] = 2;
    types[1] = 3;
    types[2] = 3;
    for (int b = 0; b < 256; b++) {
      types[tokens.size()] = 6;
      tokens.add("<0x%02X>".formatted(b));
    }
    tokens.add("▁");
    for (char letter = 'a'; letter <= 'z'; letter++) {
      tokens.add(String.valueOf(letter));
    }
    for (int number = 0; tokens.size() < size - control.size(); number++) {
      tokens.add((number % 2 == 0 ? "" : "▁") + syllables(number / 2));
    }
    Arrays.fill(types, tokens.size(), size, 3);
    tokens.addAll(control);
    float[] scores = new float[size];
    for (int id = 259; id < size; id++) {
      scores[id] = 259 - id;
    }
    writer
        .string("tokenizer.ggml.model", "llama")
        .string("tokenizer.ggml.pre", "default")
        .strings("tokenizer.ggml.tokens", tokens)
        .float32s("tokenizer.ggml.scores", scores)
        .int32s("tokenizer.ggml.token_type", types)
        .uint32("tokenizer.ggml.unknown_token_id", 0)
        .uint32("tokenizer.ggml.bos_token_id", 1)
        .uint32("tokenizer.ggml.eos_token_id", 2)
        .bool("tokenizer.ggml.add_bos_token", true)
        .bool("tokenizer.ggml.add_eos_token", false);
    return size;
  }

  /** The number in bijective base 105, whose digits are syllables. */
  private static String syllables(int number) {
    String consonants = "bcdfghjklmnpqrstvwxyz";
    String vowels = "aeiou";
    int base = consonants.length() * vowels.length();
    StringBuilder word = new StringBuilder();
    for (int rest = number + 1; rest > 0; rest = (rest - 1) / base) {
      int digit = (rest - 1) % base;
      word.append(consonants.charAt(digit / vowels.length()));
      word.append(vowels.charAt(digit % vowels.length()));
    }
    return word.toString();
  }
}
