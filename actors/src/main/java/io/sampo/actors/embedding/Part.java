package io.sampo.actors.embedding;

import io.sampo.actors.attempt.Attempt;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** A run of a request's inputs that are computed together. */
final class Part {

  final Attempt attempt;
  private final int firstInput;
  private final List<int[]> inputs;

  private Part(Attempt attempt, int firstInput, List<int[]> inputs) {
    this.attempt = attempt;
    this.firstInput = firstInput;
    this.inputs = inputs;
  }

  /**
   * Cuts inputs into parts, in order. An input that is too long for a part of several is one by
   * itself.
   *
   * @param attempts at each part, by its number
   */
  static List<Part> of(
      List<int[]> inputs, int maxInputs, int maxTokens, IntFunction<Attempt> attempts) {
    List<Part> parts = new ArrayList<>();
    int from = 0;
    long tokens = 0;
    for (int i = 0; i < inputs.size(); i++) {
      int length = inputs.get(i).length;
      if (i > from && (i - from == maxInputs || tokens + length > maxTokens)) {
        parts.add(new Part(attempts.apply(parts.size()), from, inputs.subList(from, i)));
        from = i;
        tokens = 0;
      }
      tokens += length;
    }
    parts.add(new Part(attempts.apply(parts.size()), from, inputs.subList(from, inputs.size())));
    return parts;
  }

  /** The index in the whole request of its first input. */
  int firstInput() {
    return firstInput;
  }

  int size() {
    return inputs.size();
  }

  /** The index in the whole request of its longest input. */
  int longestInput() {
    return firstInput
        + IntStream.range(0, inputs.size())
            .reduce(0, (a, b) -> inputs.get(b).length > inputs.get(a).length ? b : a);
  }

  /** The context it needs. */
  int longestTokens() {
    return inputs.get(longestInput() - firstInput).length;
  }

  int[] ids() {
    return inputs.stream().flatMapToInt(IntStream::of).toArray();
  }

  int[] lengths() {
    return inputs.stream().mapToInt(input -> input.length).toArray();
  }
}
