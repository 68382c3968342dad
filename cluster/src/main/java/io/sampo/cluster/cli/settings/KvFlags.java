package io.sampo.cluster.cli.settings;

import io.sampo.cluster.kv.KvSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How much KV was asked for.
 *
 * @param ramBytes main memory; empty where that is left to the node
 * @param diskBytes files; 0 for none
 * @param warm files of prefixes to begin with
 * @param host where other nodes get it, or null
 * @param port for the same
 * @param secretFile what all nodes of a cluster know, or null
 */
public record KvFlags(
    OptionalLong ramBytes,
    long diskBytes,
    List<Path> warm,
    @Nullable String host,
    int port,
    @Nullable Path secretFile) {

  private static final Pattern SIZE = Pattern.compile("(\\d{1,18})([KMGT]?)");
  private static final String UNITS = "KMGT";
  private static final long MOST_BY_DEFAULT = 4L << 30;

  static KvFlags from(Layers layers) {
    OptionalLong ram = layers.bytes(Flags.KV_RAM);
    OptionalLong disk = layers.bytes(Flags.KV_DISK);
    if (disk.orElse(0) > 0 && ram.orElse(1) == 0) {
      throw layers
          .find(Flags.KV_DISK)
          .orElseThrow()
          .refused("KV comes to files through main memory; give --kv-ram more than 0");
    }
    return new KvFlags(
        ram,
        disk.orElse(0),
        warm(layers, ram.orElse(1) == 0),
        address(layers),
        layers.number(Flags.KV_PORT, 0, 65535, 0),
        layers.path(Flags.SECRET_FILE).orElse(null));
  }

  private static List<Path> warm(Layers layers, boolean off) {
    Optional<Given> given = layers.find(Flags.KV_WARM);
    if (given.isPresent() && off) {
      throw given.get().refused("its prefixes go to main memory; give --kv-ram more than 0");
    }
    List<Path> files =
        layers.list(Flags.KV_WARM).stream().map(Layers::expandHome).map(Path::of).toList();
    for (Path file : files) {
      if (!Files.isReadable(file)) {
        throw given.orElseThrow().refused("there is no file '" + file + "'");
      }
    }
    return files;
  }

  private static @Nullable String address(Layers layers) {
    String host = layers.find(Flags.KV_HOST).map(Given::text).orElse(null);
    if (host != null && layers.find(Flags.CLUSTER_TLS).isEmpty()) {
      ClusterFlags.requireLoopback(
          layers,
          Flags.KV_HOST,
          host,
          "others could read on the way what prompts say;"
              + " give --cluster-tls FOLDER or keep --kv-host 127.0.0.1");
    }
    return host;
  }

  static long bytes(Given given) {
    Matcher size = SIZE.matcher(given.text().strip().toUpperCase(Locale.ROOT));
    long bytes = -1;
    if (size.matches()) {
      int shift = size.group(2).isEmpty() ? 0 : 10 * (1 + UNITS.indexOf(size.group(2)));
      long number = Long.parseLong(size.group(1));
      bytes = number <= Long.MAX_VALUE >> shift ? number << shift : -1;
    }
    if (bytes != 0 && bytes < KvSettings.LEAST_HOST_BYTES) {
      throw given.refused("expected a size of at least 1M, such as 512M or 4G, or 0 for none");
    }
    return bytes;
  }

  /**
   * What the node is started with.
   *
   * @param freeBytes of main memory
   * @param dataFolder of the node
   */
  public KvSettings settings(long freeBytes, Path dataFolder) {
    long chosen = Math.min(MOST_BY_DEFAULT, freeBytes / 8);
    long ram = ramBytes.orElse(Math.max(KvSettings.LEAST_HOST_BYTES, chosen));
    return new KvSettings(ram, diskBytes, dataFolder, warm, host, port, secretFile);
  }

  /** For a node that keeps no KV, but names it as the others do. */
  public KvSettings withoutEngine(Path dataFolder) {
    return new KvSettings(0, 0, dataFolder, List.of(), null, 0, secretFile);
  }
}
