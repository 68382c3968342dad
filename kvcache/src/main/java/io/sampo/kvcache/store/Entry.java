package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.event.Tier;
import org.jspecify.annotations.Nullable;

/** What is known of one block that a tier has. Guarded by the store's lock. */
final class Entry {

  final BlockHash hash;

  /** The block before it, null for the first one of a text. */
  final @Nullable Entry parent;

  final KvLayout layout;
  final String tenant;

  /** What computing it again would take. */
  final double costMillis;

  final int firstPosition;

  final Copy host;
  final Copy disk;

  /** Of the block in its file, where it has one; HOST may have another one of equal meaning. */
  int checksum;

  /** How often it was wanted: put, and borrowed. */
  int uses = 1;

  /** How many pins hold it. */
  int pins;

  /** Whether somebody reads it from its file into HOST. */
  boolean loading;

  /** Whether it waits to be written to DISK. */
  boolean waiting;

  /** Where it lies in HOST; null when it does not. */
  HostMemory.@Nullable Slot slot;

  /** The block in HOST; null when it is not there. */
  @Nullable KvBlock block;

  Entry(BlockFile file, @Nullable Entry parent) {
    hash = file.hash();
    this.parent = parent;
    layout = parent == null ? file.layout() : parent.layout;
    tenant = parent == null ? file.tenant() : parent.tenant;
    costMillis = file.costMillis();
    firstPosition = file.firstPosition();
    checksum = file.checksum();
    host = new Copy(this, Tier.HOST, layout.blockBytes());
    disk = new Copy(this, Tier.DISK, file.fileBytes());
  }

  Copy in(Tier tier) {
    return tier == Tier.HOST ? host : disk;
  }

  /**
   * What its file says of it.
   *
   * @param blockChecksum of the bytes in the file
   */
  BlockFile file(int blockChecksum) {
    return new BlockFile(
        hash,
        parent == null ? null : parent.hash,
        firstPosition,
        blockChecksum,
        costMillis,
        tenant,
        layout);
  }

  /** Milliseconds of computing that a mebibyte of it saves, weighed by how often it was used. */
  double worth() {
    int reuse = Integer.SIZE - Integer.numberOfLeadingZeros(uses);
    return costMillis * reuse / layout.blockBytes() * (1 << 20);
  }
}
