package io.sampo.kvcache.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What the file of one block says before the block itself. The block lies behind this head, as it
 * is in memory.
 *
 * <pre>
 *    0  magic "SAMPOKVF"
 *    8  version, 1
 *   12  checksum: CRC-32C of the head's bytes from 16 on
 *   16  bytes of the head
 *   20  bytes of the tenant's name
 *   24  hash, 16 bytes
 *   40  hash of the block before it, 16 bytes; zeros where there is none
 *   56  first position
 *   60  checksum of the block
 *   64  milliseconds that computing it takes, 8 bytes of floating point
 *   72  the tenant's name, the layout, zeros up to a multiple of 512
 * </pre>
 *
 * @param before the hash of the block before it; null for position 0
 * @param checksum of the block; ties these bytes to this name
 */
record BlockFile(
    BlockHash hash,
    @Nullable BlockHash before,
    int firstPosition,
    int checksum,
    double costMillis,
    String tenant,
    KvLayout layout) {

  /** The longest name of a tenant, in bytes. */
  static final int MAX_TENANT_BYTES = 256;

  private static final int ALIGNMENT = 512;
  private static final int CHECKED_FROM = 16;
  private static final int TENANT_AT = 72;

  /** No head is longer. */
  static final int MAX_HEAD_BYTES = align(TENANT_AT + MAX_TENANT_BYTES + KvLayout.MAX_BYTES);

  /** "SAMPOKVF", read as a little-endian number. */
  private static final long MAGIC = 0x46564b4f504d4153L;

  private static final int VERSION = 1;
  private static final BlockHash NONE = new BlockHash(0, 0);

  private static int align(int bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  int headBytes() {
    return align(TENANT_AT + tenant.getBytes(UTF_8).length + layout.toBytes().length);
  }

  long fileBytes() {
    return (long) headBytes() + layout.blockBytes();
  }

  /** The head, ready to be written. */
  ByteBuffer head() {
    byte[] name = tenant.getBytes(UTF_8);
    ByteBuffer head = ByteBuffer.allocate(headBytes()).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(MAGIC).putInt(VERSION).putInt(0).putInt(headBytes()).putInt(name.length);
    put(head, hash);
    put(head, before == null ? NONE : before);
    head.putInt(firstPosition).putInt(checksum).putDouble(costMillis);
    head.put(name).put(layout.toBytes());
    head.putInt(12, checksum(head.clear()));
    return head;
  }

  private static void put(ByteBuffer head, BlockHash hash) {
    head.putLong(hash.first()).putLong(hash.second());
  }

  private static int checksum(ByteBuffer head) {
    CRC32C checksum = new CRC32C();
    checksum.update(head.slice(CHECKED_FROM, head.limit() - CHECKED_FROM));
    return (int) checksum.getValue();
  }

  /**
   * Reads a head.
   *
   * @param bytes the file's first bytes, {@link #MAX_HEAD_BYTES} or all of them
   * @param fileBytes all bytes of the file
   * @return null when this is no whole file of a block, or a damaged one
   */
  static @Nullable BlockFile read(ByteBuffer bytes, long fileBytes) {
    ByteBuffer head = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (head.limit() < TENANT_AT || head.getLong() != MAGIC || head.getInt() != VERSION) {
      return null;
    }
    int checksum = head.getInt();
    int headBytes = head.getInt();
    int tenantBytes = head.getInt();
    if (headBytes < TENANT_AT || headBytes > head.limit()) {
      return null;
    }
    head.limit(headBytes);
    if (checksum(head) != checksum || tenantBytes < 0 || tenantBytes > headBytes - TENANT_AT) {
      return null;
    }
    BlockFile file = fields(head, tenantBytes);
    return file != null && file.headBytes() == headBytes && file.fileBytes() == fileBytes
        ? file
        : null;
  }

  private static @Nullable BlockFile fields(ByteBuffer head, int tenantBytes) {
    BlockHash hash = new BlockHash(head.getLong(), head.getLong());
    BlockHash before = new BlockHash(head.getLong(), head.getLong());
    int firstPosition = head.getInt();
    int blockChecksum = head.getInt();
    double costMillis = head.getDouble();
    byte[] tenant = new byte[tenantBytes];
    head.get(tenant);
    try {
      return new BlockFile(
          hash,
          firstPosition == 0 ? null : before,
          firstPosition,
          blockChecksum,
          costMillis,
          new String(tenant, UTF_8),
          KvLayout.read(head));
    } catch (IllegalArgumentException noLayout) {
      return null;
    }
  }

  /** Whether it can follow that block, null meaning that there is none before it. */
  boolean follows(@Nullable Entry parent) {
    return parent == null
        ? before == null && firstPosition == 0
        : parent.hash.equals(before)
            && parent.firstPosition + layout.blockTokens() == firstPosition
            && parent.tenant.equals(tenant)
            && parent.layout.equals(layout);
  }
}
