package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.EmbeddingListener;
import io.sampo.engines.spi.EmbeddingRequest;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.SequenceId;

/** An embedding request in the engine: how far it is. Only {@link #cancel} is for other threads. */
final class EmbeddingJob implements Entrance.Request {

  final EmbeddingRequest request;
  final EmbeddingListener listener;
  private int nextInput;
  private int nextToken;
  private volatile boolean cancelled;

  EmbeddingJob(EmbeddingRequest request, EmbeddingListener listener) {
    this.request = request;
    this.listener = listener;
  }

  @Override
  public SequenceId id() {
    return request.id();
  }

  /** Inputs take turns and give way to nobody. */
  @Override
  public int priority() {
    return Priority.NORMAL;
  }

  @Override
  public void cancel() {
    cancelled = true;
  }

  boolean cancelled() {
    return cancelled;
  }

  boolean hasBegun() {
    return nextInput > 0;
  }

  /** Whether every input was taken. */
  boolean exhausted() {
    return nextInput == request.lengths().length;
  }

  /** The index of the next input to take. */
  int nextInput() {
    return nextInput;
  }

  /** Where its tokens begin. */
  int nextToken() {
    return nextToken;
  }

  int nextLength() {
    return request.lengths()[nextInput];
  }

  void take() {
    nextToken += nextLength();
    nextInput++;
  }
}
