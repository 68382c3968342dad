package io.sampo.kvcache.transfer;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * TLS over another wire. Many records are written and read at once; what is received is decrypted
 * to where the reader wants it, save a record that is longer than the rest of his room.
 */
final class TlsWire implements Wire {

  private static final int RECORDS = 16;
  private static final String EXPORTER = "EXPORTER-sampo-kvcache-transfer";
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Wire below;
  private final SSLEngine engine;
  private final int recordBytes;
  private final ByteBuffer rest;
  private ByteBuffer sent;
  private ByteBuffer received;

  private TlsWire(Wire below, SSLEngine engine) {
    this.below = below;
    this.engine = engine;
    recordBytes = engine.getSession().getPacketBufferSize();
    rest = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()).limit(0);
    sent = ByteBuffer.allocate(recordBytes);
    received = ByteBuffer.allocate(recordBytes).limit(0);
  }

  /**
   * Agrees on keys with the other side, which has cost a few records' memory until then.
   *
   * @throws SSLException when it is not trusted or speaks no TLS 1.3
   */
  static TlsWire over(Wire below, SSLEngine engine) throws IOException {
    TlsWire wire = new TlsWire(below, engine);
    try {
      wire.shakeHands();
    } catch (SSLException untrusted) {
      wire.tellWhy();
      throw untrusted;
    }
    wire.sent = ByteBuffer.allocate(RECORDS * wire.recordBytes);
    wire.received = ByteBuffer.allocate(RECORDS * wire.recordBytes).put(wire.received).flip();
    return wire;
  }

  private void shakeHands() throws IOException {
    engine.beginHandshake();
    HandshakeStatus next = engine.getHandshakeStatus();
    while (next != HandshakeStatus.NOT_HANDSHAKING && next != HandshakeStatus.FINISHED) {
      next = proceed(next);
    }
  }

  /** One step of a handshake, or of what TLS has to say later. */
  private HandshakeStatus proceed(HandshakeStatus next) throws IOException {
    return switch (next) {
      case NEED_WRAP -> {
        HandshakeStatus after = wrap(NOTHING).getHandshakeStatus();
        flush();
        yield after;
      }
      case NEED_TASK -> {
        engine.getDelegatedTask().run();
        yield engine.getHandshakeStatus();
      }
      default -> unwrapToRest();
    };
  }

  /** The alert that TLS has ready after it failed; whoever reads it knows more than of a close. */
  private void tellWhy() {
    try {
      wrap(NOTHING);
      flush();
    } catch (IOException alreadyGone) {
      // It would only have explained what is over anyway.
    }
  }

  @Override
  public void write(ByteBuffer... bytes) throws IOException {
    ByteBuffer last = bytes[bytes.length - 1];
    while (last.hasRemaining()) {
      while (last.hasRemaining() && sent.remaining() >= recordBytes) {
        requireOk(wrap(bytes));
      }
      flush();
    }
  }

  private SSLEngineResult wrap(ByteBuffer... bytes) throws IOException {
    return engine.wrap(bytes, sent);
  }

  private void flush() throws IOException {
    below.write(sent.flip());
    sent.clear();
  }

  @Override
  public void read(ByteBuffer into) throws IOException {
    int before = into.position();
    while (!rest.hasRemaining() && into.position() == before) {
      HandshakeStatus next = unwrap(into);
      while (next == HandshakeStatus.NEED_WRAP || next == HandshakeStatus.NEED_TASK) {
        next = proceed(next);
      }
    }
    int length = Math.min(rest.remaining(), into.remaining());
    into.put(into.position(), rest, rest.position(), length).position(into.position() + length);
    rest.position(rest.position() + length);
  }

  /** Decrypts one record, to the given place where it fits, to the rest where it does not. */
  private HandshakeStatus unwrap(ByteBuffer into) throws IOException {
    SSLEngineResult result = engine.unwrap(received, into);
    while (result.getStatus() == Status.BUFFER_UNDERFLOW) {
      receive();
      result = engine.unwrap(received, into);
    }
    return result.getStatus() == Status.BUFFER_OVERFLOW
        ? unwrapToRest()
        : requireOk(result).getHandshakeStatus();
  }

  private HandshakeStatus unwrapToRest() throws IOException {
    SSLEngineResult result = engine.unwrap(received, rest.clear());
    while (result.getStatus() == Status.BUFFER_UNDERFLOW) {
      receive();
      result = engine.unwrap(received, rest);
    }
    rest.flip();
    return requireOk(result).getHandshakeStatus();
  }

  private static SSLEngineResult requireOk(SSLEngineResult result) throws IOException {
    if (result.getStatus() != Status.OK) {
      throw new EOFException("the TLS session is over");
    }
    return result;
  }

  private void receive() throws IOException {
    received.compact();
    if (!received.hasRemaining()) {
      // The engine would take longer records than TLS allows, and wait for ever for their room.
      throw new SSLException("a record longer than TLS allows");
    }
    below.read(received);
    received.flip();
  }

  @Override
  public byte[] binding() throws IOException {
    ExtendedSSLSession session = (ExtendedSSLSession) engine.getSession();
    return session.exportKeyingMaterialData(EXPORTER, null, BINDING_BYTES);
  }

  @Override
  public boolean authenticates() {
    return true;
  }

  @Override
  public void close() {
    below.close();
  }
}
