package io.sampo.kvcache.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A connection as a pair of byte streams. One thread reads and writes; any thread may close it, and
 * thereby ends a reading or writing that lasts too long.
 */
interface Wire extends AutoCloseable {

  /** Size of {@link #binding}. */
  int BINDING_BYTES = 32;

  /**
   * Reads what is there, waiting for the first byte.
   *
   * @param into has room
   * @throws IOException also when the other side ended the stream
   */
  void read(ByteBuffer into) throws IOException;

  /** Writes all of it, in this order. */
  void write(ByteBuffer... bytes) throws IOException;

  /**
   * 32 bytes that are the same at both ends of one connection and at no others', as far as what
   * lies below can say; zeros where it cannot.
   */
  byte[] binding() throws IOException;

  /** Whether what lies below finds every changed byte, so that it need not be done above. */
  boolean authenticates();

  /** Ends the connection at once; what was not sent yet is dropped. */
  @Override
  void close();
}
