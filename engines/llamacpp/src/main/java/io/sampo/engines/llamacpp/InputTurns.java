package io.sampo.engines.llamacpp;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Whose inputs are computed next. Requests take turns, one input each, so that one with many inputs
 * holds up none with few; a batch is what fits in turn, and the first that does not fit begins the
 * next batch, so no input waits for ever.
 */
final class InputTurns {

  /**
   * An input of a batch.
   *
   * @param from where its tokens begin in its request
   */
  record Turn(EmbeddingJob job, int input, int from, int length) {}

  private final int batchTokens;
  private final int maxInputs;
  private final Deque<EmbeddingJob> jobs = new ArrayDeque<>();

  InputTurns(int batchTokens, int maxInputs) {
    this.batchTokens = batchTokens;
    this.maxInputs = maxInputs;
  }

  void arrive(EmbeddingJob job) {
    jobs.add(job);
  }

  /** The requests that have inputs left, in the order of their turns. */
  List<EmbeddingJob> waiting() {
    return List.copyOf(jobs);
  }

  void remove(EmbeddingJob job) {
    jobs.remove(job);
  }

  /** Takes the next batch; empty when nothing waits. */
  List<Turn> next() {
    List<Turn> batch = new ArrayList<>();
    int tokens = 0;
    while (batch.size() < maxInputs && jobs.peek() instanceof EmbeddingJob job) {
      int length = job.nextLength();
      if (tokens + length > batchTokens) {
        return batch;
      }
      tokens += length;
      batch.add(new Turn(job, job.nextInput(), job.nextToken(), length));
      jobs.remove();
      job.take();
      if (!job.exhausted()) {
        jobs.add(job);
      }
    }
    return batch;
  }
}
