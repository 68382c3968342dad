package io.sampo.kvcache.block;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How the blocks of one model are named by all nodes of a cluster: those who route by names and
 * those who keep blocks by them must agree on what a chain begins with.
 *
 * @param tenantSalt secret to the cluster and one tenant, always of one length
 * @param layout whose blocks are named; KV of other weights or another number format has other
 *     names
 */
public record BlockNames(byte[] tenantSalt, KvLayout layout) {

  public BlockNames {
    tenantSalt = tenantSalt.clone();
  }

  /**
   * The chain of those who share KV with each other.
   *
   * @param scope what they know and others do not; empty for all who ask for no scope of their own
   * @param adapter what the KV is computed with, or null for the model itself
   */
  public BlockChain chain(String scope, @Nullable String adapter) {
    byte[] fingerprint = layout.toBytes();
    return new BlockChain(
        joined(tenantSalt, scope.getBytes(UTF_8)),
        adapter == null ? fingerprint : joined(fingerprint, adapter.getBytes(UTF_8)),
        layout.blockTokens());
  }

  private static byte[] joined(byte[] some, byte[] more) {
    byte[] both = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, both, some.length, more.length);
    return both;
  }
}
