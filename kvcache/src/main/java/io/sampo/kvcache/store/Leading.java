package io.sampo.kvcache.store;

/**
 * How many blocks from a chain's first one on a store has.
 *
 * @param host in HOST
 * @param disk in DISK; a block may be in both
 */
public record Leading(int host, int disk) {

  /** In any tier. */
  public int blocks() {
    return Math.max(host, disk);
  }
}
