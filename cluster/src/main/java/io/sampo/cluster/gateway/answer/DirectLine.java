package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.GenerationEvent.Delta;
import io.sampo.actors.generation.Reader;
import io.sampo.cluster.gateway.http.SocketLane;

/**
 * Brings the deltas of one streamed answer from the generation's thread to the socket while the
 * answer's {@link EventStream} has nothing under way.
 *
 * <p>Invariant: nothing is carried between {@link #busy} and {@link #idle}, nor while an event that
 * the generation told has not come through the stream. So bytes keep their order, and the encoder
 * is used by one thread at a time.
 */
final class DirectLine implements Reader.Shortcut {

  private final AnswerEncoder encoder;
  private final SocketLane socket;
  private boolean idle;
  private long handled;
  private long lastNanos = System.nanoTime();

  DirectLine(AnswerEncoder encoder, SocketLane socket) {
    this.encoder = encoder;
    this.socket = socket;
  }

  @Override
  public synchronized boolean carry(Delta delta, long told) {
    if (!idle || told != handled || socket.blocked()) {
      return false;
    }
    lastNanos = System.nanoTime();
    socket.writeChunk(encoder.encode(delta, lastNanos));
    return true;
  }

  /** The stream is about to encode or send something. */
  synchronized void busy() {
    idle = false;
  }

  /**
   * All that the stream was given is in the socket.
   *
   * @param events how many events that cost credit it was given
   */
  synchronized void idle(long events) {
    idle = true;
    handled = events;
  }

  /** When it last carried something, by {@link System#nanoTime}. */
  synchronized long lastNanos() {
    return lastNanos;
  }
}
