package io.sampo.engines.modelstore.gguf;

import java.util.List;
import java.util.Locale;

/**
 * What a model is and what it needs, as far as its file says. Numbers that the file does not give
 * are 0, texts are empty.
 *
 * @param architecture the name llama.cpp knows it by
 * @param name the model's own name
 * @param license as the file gives it
 * @param parameters how many weights it has
 * @param fileType the kind of quantization, for example {@code Q4_K_M}
 * @param trainedContextTokens the context it was trained for
 * @param layers blocks of the network
 * @param embeddingLength width of the residual stream
 * @param heads attention heads of a layer (the most of any layer)
 * @param kvHeads heads of keys and values of a layer (the most of any layer)
 * @param vocabularySize tokens it knows
 * @param hasChatTemplate whether conversations have a format of the model's own
 * @param kvElementsPerToken numbers kept in the cache for one token, keys and values of all layers;
 *     an upper bound for models with windowed or compressed attention, 0 for recurrent ones
 * @param weightBytes bytes of all tensors
 * @param pooling how it makes vectors of inputs; NONE for a model that generates
 * @param vectorLength numbers in such a vector
 */
public record GgufSummary(
    String architecture,
    String name,
    String license,
    long parameters,
    String fileType,
    int trainedContextTokens,
    int layers,
    int embeddingLength,
    int heads,
    int kvHeads,
    int vocabularySize,
    boolean hasChatTemplate,
    long kvElementsPerToken,
    long weightBytes,
    Pooling pooling,
    int vectorLength) {

  /** Bytes that one token's keys and values take in f16. */
  public long kvBytesPerTokenF16() {
    return kvBytesPerToken(GgmlType.F16);
  }

  /** Bytes that one token's keys and values take in q8_0. */
  public long kvBytesPerTokenQ8() {
    return kvBytesPerToken(GgmlType.Q8_0);
  }

  /** Bytes that one token's keys and values take in q4_0. */
  public long kvBytesPerTokenQ4() {
    return kvBytesPerToken(GgmlType.Q4_0);
  }

  /** Bytes that one token's keys and values take in a format, rounded up. */
  public long kvBytesPerToken(GgmlType type) {
    return Math.ceilDiv(kvElementsPerToken * type.blockBytes(), type.blockElements());
  }

  /**
   * Reads the summary from a file's metadata.
   *
   * @param tensors of this file and, for a split model, of the others
   * @throws GgufRejectedException when a number is beyond any real model's
   */
  static GgufSummary of(GgufFile file, List<GgufTensor> tensors) {
    String architecture = file.string("general.architecture").orElse("");
    ModelShape shape = ModelShape.of(file, architecture);
    long parameters = 0;
    long weightBytes = 0;
    for (GgufTensor tensor : tensors) {
      parameters += tensor.elements();
      weightBytes += tensor.bytes();
    }
    return new GgufSummary(
        architecture,
        file.string("general.name").orElse(""),
        file.string("general.license").orElse(""),
        parameters,
        fileType(file, tensors),
        shape.trainedContextTokens(),
        shape.layers(),
        shape.embeddingLength(),
        shape.heads(),
        shape.kvHeads(),
        shape.vocabularySize(),
        file.string("tokenizer.chat_template").isPresent(),
        shape.kvElementsPerToken(),
        weightBytes,
        pooling(file, architecture, tensors),
        shape.vectorLength());
  }

  /** A model that ranks needs the head that makes scores; without it llama.cpp gives noise. */
  private static Pooling pooling(GgufFile file, String architecture, List<GgufTensor> tensors) {
    Pooling pooling = Pooling.of(file, architecture);
    boolean head = tensors.stream().anyMatch(tensor -> tensor.name().startsWith("cls."));
    if (pooling == Pooling.RANK && !head) {
      throw new GgufRejectedException(
          "a model that ranks must have a classification head",
          "key " + architecture + ".pooling_type");
    }
    return pooling;
  }

  private static String fileType(GgufFile file, List<GgufTensor> tensors) {
    long id = file.integer("general.file_type").orElse(-1);
    String name = FileType.name(id);
    return name.isEmpty() ? heaviestType(tensors) : name;
  }

  /** The number format of the largest tensor, for files that do not name their kind. */
  private static String heaviestType(List<GgufTensor> tensors) {
    GgufTensor heaviest = null;
    for (GgufTensor tensor : tensors) {
      if (heaviest == null || tensor.bytes() > heaviest.bytes()) {
        heaviest = tensor;
      }
    }
    return heaviest == null ? "" : heaviest.type().name().toUpperCase(Locale.ROOT);
  }
}
