package io.sampo.kvcache.transfer;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A TCP connection as it is: bytes outside the Java heap go to the kernel without a copy. */
final class PlainWire implements Wire {

  private final SocketChannel channel;

  PlainWire(SocketChannel channel) throws IOException {
    this.channel = channel;
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    // To close is to drop: nothing of a cut connection stays in the kernel.
    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
  }

  @Override
  public void read(ByteBuffer into) throws IOException {
    if (channel.read(into) < 0) {
      throw new EOFException("the other side closed the connection");
    }
  }

  @Override
  public void write(ByteBuffer... bytes) throws IOException {
    ByteBuffer last = bytes[bytes.length - 1];
    while (last.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public byte[] binding() {
    return new byte[BINDING_BYTES];
  }

  @Override
  public boolean authenticates() {
    return false;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException alreadyGone) {
      // Closing is all that was wanted.
    }
  }
}
