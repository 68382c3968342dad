package io.sampo.cluster.gateway.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The way into a connection's socket that leads past its stream. Whoever takes it must know that
 * the stream has nothing under way; what the kernel does not take at once is left to the stream,
 * and until that is written nobody else gets through.
 *
 * <p>Safe for use by several threads; what each writes stays in one piece.
 */
public final class SocketLane {

  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] LINE_END = "\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final int FRAME_BYTES = 2 * Integer.BYTES + 2 * LINE_END.length;
  private static final int USUAL_BYTES = 1024;

  private final @Nullable SocketChannel channel;
  private ByteBuffer frame = ByteBuffer.allocate(USUAL_BYTES);
  private ByteString rest = ByteString.emptyByteString();
  private boolean blocked;
  private Runnable onRest = () -> {};

  /**
   * Makes the lane of one connection.
   *
   * @param channel the connection's, in non-blocking mode; null where nothing may pass the stream
   */
  public SocketLane(@Nullable SocketChannel channel) {
    this.channel = channel;
  }

  /**
   * Writes one chunk of a chunked HTTP body (RFC 9112, section 7.1).
   *
   * @throws IllegalStateException when the lane is {@link #blocked}
   */
  public synchronized void writeChunk(ByteString body) {
    if (channel == null || blocked) {
      throw new IllegalStateException("nothing may pass the stream now");
    }
    if (body.isEmpty()) {
      return; // An empty chunk would end the body.
    }
    if (frame.capacity() < body.size() + FRAME_BYTES) {
      frame = ByteBuffer.allocate(body.size() + FRAME_BYTES);
    }
    frame.clear();
    frame.put(HEX.toHexDigits(body.size()).getBytes(StandardCharsets.US_ASCII)).put(LINE_END);
    body.copyToBuffer(frame);
    frame.put(LINE_END).flip();
    write(channel, frame);
    if (frame.hasRemaining()) {
      blocked = true;
      rest = ByteString.fromByteBuffer(frame);
      onRest.run();
    }
  }

  /** Whether nothing may pass the stream now. */
  public synchronized boolean blocked() {
    return channel == null || blocked;
  }

  /** Writes what the kernel takes at once; returns how many bytes that were. */
  synchronized int write(ByteString bytes) {
    if (channel == null) {
      return 0;
    }
    ByteBuffer buffer = bytes.asByteBuffer();
    write(channel, buffer);
    return buffer.position();
  }

  private static void write(SocketChannel channel, ByteBuffer buffer) {
    try {
      channel.write(buffer);
    } catch (IOException broken) {
      // The connection's stream meets the same and ends.
    }
  }

  /** Says who is told that there is a rest; that must not block. */
  synchronized void onRest(Runnable told) {
    onRest = told;
  }

  /** Hands over what the kernel did not take; empty when there is none. */
  synchronized ByteString takeRest() {
    ByteString taken = rest;
    rest = ByteString.emptyByteString();
    return taken;
  }

  /** The stream has written all that it had, the rest too. */
  synchronized void unblock() {
    blocked = !rest.isEmpty();
  }
}
