package io.sampo.kvcache.block;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Stands for everything that makes KV of one model useless to another: weights, tokenizer,
 * adapters, and the way in which an engine computes and stores keys and values. 32 bytes.
 */
public final class ModelFingerprint {

  /** Its size. */
  public static final int BYTES = 32;

  private final byte[] bytes;

  private ModelFingerprint(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * The fingerprint of a model in an engine.
   *
   * @param engine names the engine and what in its version or mode changes the meaning of its KV
   * @param digests of the files that make up the model, weights first, then each adapter, in the
   *     order in which they are applied
   */
  public static ModelFingerprint of(String engine, List<String> digests) {
    MessageDigest sha256 = sha256();
    update(sha256, "io.sampo.kvcache.block model");
    update(sha256, engine);
    digests.forEach(digest -> update(sha256, digest));
    return new ModelFingerprint(sha256.digest());
  }

  /** The fingerprint that has these bytes, {@link #BYTES} of them. */
  static ModelFingerprint of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("a fingerprint has %d bytes".formatted(BYTES));
    }
    return new ModelFingerprint(bytes.clone());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Each text with its length, so that no two lists of texts run together. */
  private static void update(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    digest.update(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(0, bytes.length));
    digest.update(bytes);
  }

  /** A copy of its bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelFingerprint that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** 64 hexadecimal digits. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
