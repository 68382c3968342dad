package io.sampo.cluster.kv;

import io.sampo.kvcache.transfer.ClusterSecret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The secrets of a node's data folder: the cluster's, and KV, which is a prompt in another form.
 */
public final class KvSecret {

  private static final Logger LOG = LoggerFactory.getLogger(KvSecret.class);

  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.range(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_EXECUTE);

  private KvSecret() {}

  /**
   * The cluster's secret: of the file that was named, or of the node's data folder, where it is
   * made if it is not there.
   *
   * @throws IllegalArgumentException when it cannot be read or not be trusted
   */
  public static ClusterSecret of(KvSettings settings) {
    Path named = settings.secretFile();
    if (named == null) {
      return ofFolder(settings.dataFolder());
    }
    try {
      return ClusterSecret.read(named);
    } catch (NoSuchFileException missing) {
      throw new IllegalArgumentException(
          "there is no secret file %s; copy the one of another node, or make it with: (umask 077; head -c %d /dev/urandom > %s)"
              .formatted(named, ClusterSecret.BYTES, named),
          missing);
    } catch (IOException failure) {
      throw new IllegalArgumentException(failure.getMessage(), failure);
    }
  }

  /** Where it cannot be kept it is one of this process alone. */
  private static ClusterSecret ofFolder(@Nullable Path dataFolder) {
    if (dataFolder == null) {
      return passing();
    }
    Path file = dataFolder.resolve("cluster-secret");
    try {
      Files.createDirectories(dataFolder);
      return ClusterSecret.readOrMake(file);
    } catch (IOException failure) {
      if (Files.exists(file)) {
        throw new IllegalArgumentException(failure.getMessage(), failure);
      }
      LOG.warn("no secret can be kept in {}, so KV on disk is not found again: {}", file, failure);
      return passing();
    }
  }

  private static ClusterSecret passing() {
    byte[] bytes = new byte[ClusterSecret.BYTES];
    new SecureRandom().nextBytes(bytes);
    return ClusterSecret.of(bytes);
  }

  /**
   * Requires that nobody but its owner can look into a folder of KV, if it is there already.
   *
   * @throws IllegalArgumentException otherwise
   */
  static void requirePrivate(Path folder) {
    PosixFileAttributeView view = Files.getFileAttributeView(folder, PosixFileAttributeView.class);
    try {
      if (view != null
          && Files.isDirectory(folder)
          && view.readAttributes().permissions().stream().anyMatch(OTHERS::contains)) {
        throw new IllegalArgumentException(
            "%s holds what prompts say and is open to other users; close it with: chmod 700 %s"
                .formatted(folder, folder));
      }
    } catch (IOException unreadable) {
      LOG.warn("nothing is known of who may read {}: {}", folder, unreadable.toString());
    }
  }
}
