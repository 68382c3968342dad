package io.sampo.engines.spi;

/**
 * Inputs to compute vectors of. They belong together only in that they end together: each is
 * computed for itself, whatever stands beside it.
 *
 * @param id the caller's name for it
 * @param ids the tokens of all inputs, one after the other; the array is not copied and must not
 *     change afterwards
 * @param lengths how many of them belong to each input, each 1 or more
 */
public record EmbeddingRequest(SequenceId id, int[] ids, int[] lengths) {

  public EmbeddingRequest {
    long sum = 0;
    for (int length : lengths) {
      if (length < 1) {
        throw new IllegalArgumentException("an input of " + length + " tokens");
      }
      sum += length;
    }
    if (lengths.length == 0 || sum != ids.length) {
      throw new IllegalArgumentException(
          lengths.length + " inputs of " + sum + " tokens together, and " + ids.length + " tokens");
    }
  }
}
