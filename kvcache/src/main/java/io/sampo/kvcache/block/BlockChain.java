package io.sampo.kvcache.block;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.commons.codec.digest.Blake3;

/**
 * Hashes token ids into a chain of blocks. Only whole blocks have a hash; the tokens after the last
 * whole one have none.
 *
 * <p>Chaining each block's hash with its predecessor's, so that one key names the whole prefix, is
 * how vLLM's automatic prefix caching finds blocks. Here the hash is keyed, so that who sees hashes
 * without knowing the tenant's salt cannot test guesses of a prompt against them:
 *
 * <pre>
 *   root     = BLAKE3(context; length of salt, salt, length of fingerprint, fingerprint, block tokens)   32 bytes
 *   secret   = root[0, 16),  hash(-1) = root[16, 32)
 *   hash(i)  = BLAKE3(key = secret + hash(i - 1); token ids of block i)                                 16 bytes
 * </pre>
 *
 * <p>All numbers are 4 bytes, little-endian, whatever the machine. BLAKE3 (O'Connor, Aumasson,
 * Neves, Wilcox-O'Hearn 2020) in its keyed mode is a pseudorandom function, and 128 bits of it make
 * a chance collision a matter of 2^64 blocks. Safe for use by many threads.
 */
public final class BlockChain {

  /** Tokens of a block unless something else is asked for. */
  public static final int DEFAULT_BLOCK_TOKENS = 32;

  private static final byte[] CONTEXT =
      "io.sampo.kvcache.block 2026 chain root".getBytes(StandardCharsets.US_ASCII);
  private static final int HASH_BYTES = 16;
  private static final int KEY_BYTES = 32;
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] root = new byte[KEY_BYTES];
  private final int blockTokens;

  /**
   * @param tenantSalt separates the tenants; secret, so that hashes tell nothing of prompts
   * @param modelFingerprint separates models, and whatever else makes KV differ (adapter, number
   *     format)
   * @param blockTokens tokens of a block, a power of two from 8 to 1024
   */
  public BlockChain(byte[] tenantSalt, byte[] modelFingerprint, int blockTokens) {
    if (blockTokens < 8 || blockTokens > 1024 || Integer.bitCount(blockTokens) != 1) {
      throw new IllegalArgumentException(
          "blockTokens must be a power of two from 8 to 1024: " + blockTokens);
    }
    this.blockTokens = blockTokens;
    Blake3 hash = Blake3.initKeyDerivationFunction(CONTEXT);
    hash.update(bytes(tenantSalt.length)).update(tenantSalt);
    hash.update(bytes(modelFingerprint.length)).update(modelFingerprint);
    hash.update(bytes(blockTokens)).doFinalize(root);
  }

  public int blockTokens() {
    return blockTokens;
  }

  /** The hashes of all whole blocks of these ids, {@link BlockHash#LONGS} longs each. */
  public long[] hashes(int... ids) {
    return hashes(ids, ids.length, new long[0]);
  }

  /**
   * The hashes of all whole blocks of a prefix, of which some are known already.
   *
   * @param length how many of the ids are meant
   * @param known the hashes of the prefix's first blocks, from an earlier call; they are not
   *     computed again
   */
  public long[] hashes(int[] ids, int length, long[] known) {
    int blocks = length / blockTokens;
    int knownBlocks = BlockHash.count(known);
    if (length > ids.length || knownBlocks > blocks) {
      throw new IllegalArgumentException(
          "%d ids, of which %d are meant, with %d known blocks of %d"
              .formatted(ids.length, length, knownBlocks, blocks));
    }
    long[] hashes = Arrays.copyOf(known, BlockHash.LONGS * blocks);
    byte[] key = keyAfter(known);
    byte[] tokens = new byte[Integer.BYTES * blockTokens];
    for (int block = knownBlocks; block < blocks; block++) {
      write(ids, block * blockTokens, tokens);
      Blake3.initKeyedHash(key).update(tokens).doFinalize(key, HASH_BYTES, HASH_BYTES);
      hashes[BlockHash.LONGS * block] = (long) LONG.get(key, HASH_BYTES);
      hashes[BlockHash.LONGS * block + 1] = (long) LONG.get(key, HASH_BYTES + Long.BYTES);
    }
    return hashes;
  }

  /** The key of the block that follows these. */
  private byte[] keyAfter(long[] known) {
    byte[] key = root.clone();
    if (known.length > 0) {
      LONG.set(key, HASH_BYTES, known[known.length - 2]);
      LONG.set(key, HASH_BYTES + Long.BYTES, known[known.length - 1]);
    }
    return key;
  }

  private static void write(int[] ids, int from, byte[] tokens) {
    for (int i = 0; i < tokens.length / Integer.BYTES; i++) {
      INT.set(tokens, Integer.BYTES * i, ids[from + i]);
    }
  }

  private static byte[] bytes(int value) {
    byte[] bytes = new byte[Integer.BYTES];
    INT.set(bytes, 0, value);
    return bytes;
  }
}
