package io.sampo.kvcache.transfer;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.SecureRandom;

/**
 * How two nodes prove to each other that they know the cluster's secret, and get keys that only
 * this connection has.
 *
 * <pre>
 *   fetcher → server   "SAMPOKVT", version (4 bytes), 32 random bytes
 *   server → fetcher   the same, then its proof, 32 bytes
 *   fetcher → server   its proof, 32 bytes
 *
 *   proof, key = HKDF-SHA256(secret, salt = both greetings and the wire's binding, info = purpose)
 * </pre>
 *
 * <p>Each side's random bytes are in the salt of all that is derived, so nothing of an older
 * connection fits a new one; each side's purposes are its own, so nothing can be sent back to whom
 * it came from. Under TLS the binding is taken from the TLS session itself (RFC 9266's idea):
 * somebody between, with a TLS session to each side, has two bindings and no proof.
 *
 * <p>Before a proof has come, one side of a connection has cost the other some hundred bytes.
 */
final class Handshake {

  static final int HELLO_BYTES = 44;
  static final int PROOF_BYTES = ClusterSecret.BYTES;

  private static final long MAGIC = 0x54564b4f504d4153L;
  private static final int VERSION = 1;
  private static final int NONCE_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final ClusterSecret secret;
  private final Wire wire;

  private Handshake(ClusterSecret secret, Wire wire) {
    this.secret = secret;
    this.wire = wire;
  }

  /**
   * The fetcher's part.
   *
   * @throws DoubtException when the other side does not know the secret
   */
  static SealedWire asFetcher(ClusterSecret secret, Wire wire) throws IOException {
    return new Handshake(secret, wire).fetcher();
  }

  /** The server's part, with the same exception. */
  static SealedWire asServer(ClusterSecret secret, Wire wire) throws IOException {
    return new Handshake(secret, wire).server();
  }

  private SealedWire fetcher() throws IOException {
    byte[] mine = hello();
    wire.write(ByteBuffer.wrap(mine));
    byte[] theirs = receive(HELLO_BYTES);
    requireHello(theirs);
    byte[] salt = salt(mine, theirs);
    requireProof(receive(PROOF_BYTES), derive(salt, "server proof"));
    wire.write(ByteBuffer.wrap(derive(salt, "fetcher proof")));
    return new SealedWire(
        wire, new Seal(derive(salt, "fetcher seal")), new Seal(derive(salt, "server seal")));
  }

  private SealedWire server() throws IOException {
    byte[] theirs = receive(HELLO_BYTES);
    requireHello(theirs);
    byte[] mine = hello();
    byte[] salt = salt(theirs, mine);
    wire.write(ByteBuffer.wrap(mine), ByteBuffer.wrap(derive(salt, "server proof")));
    requireProof(receive(PROOF_BYTES), derive(salt, "fetcher proof"));
    return new SealedWire(
        wire, new Seal(derive(salt, "server seal")), new Seal(derive(salt, "fetcher seal")));
  }

  private static byte[] hello() {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    return ByteBuffer.allocate(HELLO_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(MAGIC)
        .putInt(VERSION)
        .put(nonce)
        .array();
  }

  private static void requireHello(byte[] hello) throws DoubtException {
    ByteBuffer head = ByteBuffer.wrap(hello).order(ByteOrder.LITTLE_ENDIAN);
    DoubtException.unless(
        head.getLong() == MAGIC && head.getInt() == VERSION,
        FetchEnd.UNTRUSTED,
        "the other side does not speak this protocol in version " + VERSION);
  }

  private static void requireProof(byte[] proof, byte[] expected) throws DoubtException {
    DoubtException.unless(
        MessageDigest.isEqual(proof, expected),
        FetchEnd.UNTRUSTED,
        "the other side does not know this cluster's secret");
  }

  private byte[] salt(byte[] fetcherHello, byte[] serverHello) throws IOException {
    return ByteBuffer.allocate(2 * HELLO_BYTES + Wire.BINDING_BYTES)
        .put(fetcherHello)
        .put(serverHello)
        .put(wire.binding())
        .array();
  }

  private byte[] derive(byte[] salt, String purpose) {
    return secret.derive(salt, ("io.sampo.kvcache.transfer 2026 " + purpose).getBytes(US_ASCII));
  }

  private byte[] receive(int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining()) {
      wire.read(bytes);
    }
    return bytes.array();
  }
}
