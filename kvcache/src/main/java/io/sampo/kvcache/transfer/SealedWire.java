package io.sampo.kvcache.transfer;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A wire after the handshake: what is sent is sealed, and what is received is to be believed only
 * when the seal at its end was found right. A frame is received in parts: heads, a body, the seal.
 *
 * <p>Bodies are sealed and sent in pieces that stay in the processor's cache between the one and
 * the other. Where the wire itself authenticates, they are left out of the seal: they would be
 * authenticated twice.
 */
final class SealedWire implements AutoCloseable {

  private static final int PIECE_BYTES = 1 << 18;

  private final Wire wire;
  private final Seal sending;
  private final Seal receiving;
  private final ByteBuffer seal = ByteBuffer.allocate(Seal.BYTES);
  private boolean within;
  private long received;

  SealedWire(Wire wire, Seal sending, Seal receiving) {
    this.wire = wire;
    this.sending = sending;
    this.receiving = receiving;
  }

  /** Sends a frame that is all head. */
  void send(ByteBuffer head) throws IOException {
    sending.begin();
    sending.add(MemorySegment.ofBuffer(head));
    wire.write(head, ByteBuffer.wrap(sending.end()));
  }

  /** Sends a frame with a body. */
  void send(ByteBuffer head, MemorySegment body) throws IOException {
    sending.begin();
    sending.add(MemorySegment.ofBuffer(head));
    long last = (body.byteSize() - 1) / PIECE_BYTES * PIECE_BYTES;
    for (long at = 0; at < last; at += PIECE_BYTES) {
      wire.write(head, sealed(body.asSlice(at, PIECE_BYTES)));
    }
    wire.write(head, sealed(body.asSlice(last)), ByteBuffer.wrap(sending.end()));
  }

  private ByteBuffer sealed(MemorySegment piece) {
    if (!wire.authenticates()) {
      sending.add(piece);
    }
    return piece.asByteBuffer();
  }

  /** Waits for a head, or a part of one, and fills it. */
  void receive(ByteBuffer head) throws IOException {
    enter();
    int from = head.position();
    fill(head);
    receiving.add(MemorySegment.ofBuffer(head.duplicate().flip().position(from)));
  }

  /** Waits for a body, which lies where it belongs when this returns. */
  void receive(MemorySegment body) throws IOException {
    enter();
    ByteBuffer bytes = body.asByteBuffer();
    while (bytes.hasRemaining()) {
      int from = bytes.position();
      bytes.limit(Math.min(bytes.capacity(), from + PIECE_BYTES));
      wire.read(bytes);
      int count = bytes.position() - from;
      received += count;
      if (!wire.authenticates()) {
        receiving.add(body.asSlice(from, count));
      }
      bytes.limit(bytes.capacity());
    }
  }

  /** Waits for the seal that ends a frame; only after this its parts are to be believed. */
  void receiveSeal() throws IOException {
    fill(seal.clear());
    within = false;
    DoubtException.unless(
        receiving.endsWith(seal.array()), FetchEnd.FORGED, "a frame does not have its seal");
  }

  private void enter() {
    if (!within) {
      receiving.begin();
      within = true;
    }
  }

  private void fill(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      wire.read(bytes);
    }
  }

  /** Bytes of bodies that came so far, believed or not. */
  long received() {
    return received;
  }

  @Override
  public void close() {
    wire.close();
  }
}
