package io.sampo.engines.modelstore.download;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/** SHA-256 as lower-case hexadecimal text. */
public final class Sha256 {

  private static final int PIECE_BYTES = 1 << 20;

  /** Looked for when a file's digest is first wanted. */
  private static final class Library {
    static final Optional<LibCrypto> CRYPTO = LibCrypto.open();
  }

  private Sha256() {}

  /** The digest of a file's content. */
  public static String of(Path file) throws IOException {
    Optional<LibCrypto> library = Library.CRYPTO;
    return library.isPresent() ? library.get().sha256(file) : ofJdk(file);
  }

  /** The same without any library of the machine. */
  static String ofJdk(Path file) throws IOException {
    MessageDigest digest = digest();
    byte[] piece = new byte[PIECE_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
        digest.update(piece, 0, count);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The digest of a buffer's remaining bytes, which stay remaining. */
  public static String of(ByteBuffer bytes) {
    MessageDigest digest = digest();
    digest.update(bytes.duplicate());
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
