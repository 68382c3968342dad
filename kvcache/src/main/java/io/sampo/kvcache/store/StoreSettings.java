package io.sampo.kvcache.store;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How much a store may keep, and where.
 *
 * @param hostBytes budget of main memory outside the Java heap, at least 1 KiB; a sixteenth of it
 *     must hold a block
 * @param folder where the files of DISK lie, for this store alone; null for a store without DISK
 * @param diskBytes budget of these files, all their bytes counted
 * @param diskFiles how many files there may be, at least 1; each is a block and takes some hundred
 *     bytes of the Java heap
 * @param tenantShare the part of each tier that one tenant may fill, above 0 and at most 1
 * @param pinShare the part of HOST that pins may keep from eviction, from 0 to 1
 */
public record StoreSettings(
    long hostBytes,
    @Nullable Path folder,
    long diskBytes,
    int diskFiles,
    double tenantShare,
    double pinShare) {

  /** Files of a store, if nothing else is asked for. */
  public static final int DEFAULT_DISK_FILES = 65_536;

  /** Refuses what no store can do. */
  public StoreSettings {
    require(hostBytes >= 1024, "hostBytes must be at least 1024: " + hostBytes);
    require(diskBytes >= 0, "diskBytes must not be negative: " + diskBytes);
    require(diskFiles >= 1, "diskFiles must be at least 1: " + diskFiles);
    require(
        tenantShare > 0 && tenantShare <= 1,
        "tenantShare must be above 0 and at most 1: " + tenantShare);
    require(pinShare >= 0 && pinShare <= 1, "pinShare must be from 0 to 1: " + pinShare);
  }

  /** A store of main memory alone. */
  public static StoreSettings hostOnly(long hostBytes) {
    return new StoreSettings(hostBytes, null, 0, 1, 1, 0.5);
  }

  /** A store of both tiers. */
  public static StoreSettings of(long hostBytes, Path folder, long diskBytes) {
    return new StoreSettings(hostBytes, folder, diskBytes, DEFAULT_DISK_FILES, 1, 0.5);
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(rule);
    }
  }
}
