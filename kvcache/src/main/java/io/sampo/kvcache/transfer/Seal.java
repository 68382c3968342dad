package io.sampo.kvcache.transfer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Authenticates the frames of one direction of one connection: 16 bytes that nobody makes without
 * the connection's key, for these bytes, as the n-th frame.
 *
 * <p>It is AEAD_CHACHA20_POLY1305 (RFC 8439) with nothing to encrypt: the frame is the associated
 * data, the frame's number the nonce. Each frame thus has a Poly1305 key of its own, so a frame is
 * neither changed, left out, repeated, put in another place nor taken from another connection. Of
 * the authentications in the JDK it is the fastest by far; a piece at a time goes through an array
 * on the Java heap, because only from there it is.
 *
 * <p>Used by one thread at a time.
 */
final class Seal {

  /** Size of a seal. */
  static final int BYTES = 16;

  private static final int NONCE_BYTES = 12;
  private static final int PIECE_BYTES = 1 << 14;

  private final SecretKeySpec key;
  private final Cipher cipher;
  private final byte[] piece = new byte[PIECE_BYTES];
  private long frames;

  /**
   * @param key 32 bytes, for this direction of this connection only
   */
  Seal(byte[] key) {
    this.key = new SecretKeySpec(key, "ChaCha20");
    try {
      cipher = Cipher.getInstance("ChaCha20-Poly1305");
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Begins the next frame. */
  void begin() {
    byte[] nonce = new byte[NONCE_BYTES];
    ByteBuffer.wrap(nonce).order(ByteOrder.LITTLE_ENDIAN).putLong(4, frames++);
    try {
      cipher.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(nonce));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Adds bytes of the frame. */
  void add(MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += PIECE_BYTES) {
      int length = (int) Math.min(PIECE_BYTES, bytes.byteSize() - at);
      MemorySegment.copy(bytes, JAVA_BYTE, at, piece, 0, length);
      cipher.updateAAD(piece, 0, length);
    }
  }

  /** Ends the frame. */
  byte[] end() {
    try {
      return cipher.doFinal();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Ends the frame and compares, in a time that does not depend on where they differ. */
  boolean endsWith(byte[] seal) {
    return MessageDigest.isEqual(end(), seal);
  }
}
