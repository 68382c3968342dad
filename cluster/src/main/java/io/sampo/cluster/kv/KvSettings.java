package io.sampo.cluster.kv;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How much KV a node keeps, and where.
 *
 * @param hostBytes of main memory outside the Java heap; 0 keeps none
 * @param diskBytes of files, which hold a part of what main memory held and outlive the process; 0
 *     keeps none
 * @param dataFolder the node's, for these files and for the secret that names them; null keeps
 *     nothing beyond the process
 * @param warm files of prefixes that are brought into main memory at the start and stay there
 * @param host address at which other nodes get blocks; null for the one of the cluster's other
 *     traffic
 * @param port for the same; 0 lets the system choose
 * @param secretFile what all nodes of the cluster know; null for a file in the data folder, which
 *     is made where there is none
 */
public record KvSettings(
    long hostBytes,
    long diskBytes,
    @Nullable Path dataFolder,
    List<Path> warm,
    @Nullable String host,
    int port,
    @Nullable Path secretFile) {

  /** Keeps nothing. */
  public static final KvSettings OFF = new KvSettings(0, 0, null);

  /** The least main memory that is of any use. */
  public static final long LEAST_HOST_BYTES = 1 << 20;

  public KvSettings {
    warm = List.copyOf(warm);
    if (hostBytes != 0 && hostBytes < LEAST_HOST_BYTES) {
      throw new IllegalArgumentException(
          "KV needs at least %d bytes of main memory, or 0 for none: %d"
              .formatted(LEAST_HOST_BYTES, hostBytes));
    }
    if (diskBytes < 0 || (diskBytes > 0 && hostBytes == 0)) {
      throw new IllegalArgumentException(
          "KV comes to files through main memory, which must not be 0 then: %d bytes of files"
              .formatted(diskBytes));
    }
  }

  /** Begins with nothing in main memory. */
  public KvSettings(long hostBytes, long diskBytes, @Nullable Path dataFolder) {
    this(hostBytes, diskBytes, dataFolder, List.of());
  }

  /** Has the secret of the data folder, and any free port. */
  public KvSettings(long hostBytes, long diskBytes, @Nullable Path dataFolder, List<Path> warm) {
    this(hostBytes, diskBytes, dataFolder, warm, null, 0, null);
  }

  /** Where the files lie; null where there are none. */
  public @Nullable Path folder() {
    return dataFolder == null || diskBytes == 0 ? null : dataFolder.resolve("kv");
  }
}
