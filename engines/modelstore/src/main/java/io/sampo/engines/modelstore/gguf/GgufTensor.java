package io.sampo.engines.modelstore.gguf;

import java.util.List;

/**
 * Where one tensor lies in a file.
 *
 * @param name unique in the file
 * @param dimensions the row's length first; at most four
 * @param type its number format
 * @param offset bytes from the start of the file
 * @param bytes its size
 */
public record GgufTensor(
    String name, List<Long> dimensions, GgmlType type, long offset, long bytes) {

  public GgufTensor {
    dimensions = List.copyOf(dimensions);
  }

  /** The length of a dimension; 1 for those that it does not have. */
  long length(int dimension) {
    return dimension < dimensions.size() ? dimensions.get(dimension) : 1;
  }

  public long elements() {
    return bytes / type.blockBytes() * type.blockElements();
  }
}
