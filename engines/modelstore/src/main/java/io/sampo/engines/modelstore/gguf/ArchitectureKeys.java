package io.sampo.engines.modelstore.gguf;

import java.util.Arrays;

/** Looks numbers up under the architecture's prefix and bounds them. */
record ArchitectureKeys(GgufFile file, String architecture) {

  private static final long MAX_HEADS = 1L << 16;

  boolean has(String name) {
    return file.keys().contains(key(name));
  }

  int number(String name, long limit, int otherwise) {
    long value = file.integer(key(name)).orElse(otherwise);
    return bounded(value, limit, name);
  }

  /** One number for each layer, whether the file gives a list or one number for all. */
  int[] perLayer(String name, int layers, int otherwise) {
    int[] numbers = new int[layers];
    long[] list = file.integers(key(name)).orElse(null);
    if (list == null) {
      Arrays.fill(numbers, number(name, MAX_HEADS, otherwise));
      return numbers;
    }
    if (list.length < layers) {
      throw new GgufRejectedException(
          "array must have an element for each layer", "key " + key(name));
    }
    for (int i = 0; i < layers; i++) {
      numbers[i] = bounded(list[i], MAX_HEADS, name);
    }
    return numbers;
  }

  static int most(int[] numbers) {
    int most = 0;
    for (int number : numbers) {
      most = Math.max(most, number);
    }
    return most;
  }

  private int bounded(long value, long limit, String name) {
    if (value < 0 || value > limit) {
      throw new GgufRejectedException(
          "value must be 0 to " + limit + ", is " + value, "key " + key(name));
    }
    return (int) value;
  }

  String key(String name) {
    return architecture.concat(".").concat(name);
  }
}
