package io.sampo.kvcache.transfer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * What the nodes of one cluster know and nobody else: 32 random bytes of a file that every node is
 * given. Never used itself; keys are derived from it (HKDF, RFC 5869) for each purpose.
 */
public final class ClusterSecret {

  /** Its size. */
  public static final int BYTES = 32;

  private static final Set<PosixFilePermission> TOO_OPEN =
      EnumSet.of(
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private final byte[] bytes;

  private ClusterSecret(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * The secret of these bytes, which are copied.
   *
   * @throws IllegalArgumentException unless there are 32
   */
  public static ClusterSecret of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException(
          "a cluster secret must have %d bytes, not %d".formatted(BYTES, bytes.length));
    }
    return new ClusterSecret(bytes.clone());
  }

  /**
   * Reads a secret.
   *
   * @throws IOException when the file cannot be read, does not have 32 bytes, or may be read or
   *     changed by others; the message names the file and says what to do
   */
  public static ClusterSecret read(Path file) throws IOException {
    long size = Files.size(file);
    if (size != BYTES) {
      throw new IOException(
          ("%s has %d bytes; a cluster secret has %d: copy the file of another node, or make one"
                  + " with: head -c %d /dev/urandom > %s")
              .formatted(file, size, BYTES, BYTES, file));
    }
    requirePrivate(file);
    return of(Files.readAllBytes(file));
  }

  /** Reads a secret; where there is no file, makes one that only its owner can read. */
  public static ClusterSecret readOrMake(Path file) throws IOException {
    if (Files.exists(file)) {
      return read(file);
    }
    byte[] made = new byte[BYTES];
    new SecureRandom().nextBytes(made);
    // Complete before it has its name, so that two nodes that start at once read the same one.
    Path draft = Files.createTempFile(file.toAbsolutePath().getParent(), "secret", "", ownerOnly());
    try {
      Files.write(draft, made, StandardOpenOption.WRITE);
      Files.createLink(file, draft);
    } catch (FileAlreadyExistsException another) {
      return read(file);
    } finally {
      Files.delete(draft);
    }
    return of(made);
  }

  /** A group may read it, for that is how containers are given secrets. */
  private static void requirePrivate(Path file) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    if (view != null && !Collections.disjoint(view.readAttributes().permissions(), TOO_OPEN)) {
      throw new IOException(
          "%s holds the cluster's secret and is open to other users; close it with: chmod 600 %s"
              .formatted(file, file));
    }
  }

  private static FileAttribute<?> ownerOnly() {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  }

  /** What the names of a tenant's blocks begin with, so that no stranger can guess them. */
  public byte[] tenantSalt(String tenant) {
    return derive(
        tenant.getBytes(StandardCharsets.UTF_8),
        "io.sampo.kvcache 2026 tenant salt".getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * Derives a key.
   *
   * @param salt what the key is bound to
   * @param purpose keys of different purposes have nothing to do with each other
   */
  byte[] derive(byte[] salt, byte[] purpose) {
    try {
      return KDF.getInstance("HKDF-SHA256")
          .deriveData(
              HKDFParameterSpec.ofExtract().addIKM(bytes).addSalt(salt).thenExpand(purpose, BYTES));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Says nothing of its bytes. */
  @Override
  public String toString() {
    return "ClusterSecret";
  }
}
