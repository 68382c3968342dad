package io.sampo.cluster.kv;

import io.sampo.kvcache.block.BlockNames;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.prefix.PrefixLoader;
import io.sampo.kvcache.store.BlockStore;
import io.sampo.kvcache.store.StoreListener;
import io.sampo.kvcache.store.StoreSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Brings a file of prefixes into the files of a data folder that no node uses. */
public final class PrefixImport {

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private PrefixImport() {}

  /** The last thing that went wrong with the files. */
  private record Trouble(AtomicReference<@Nullable String> line) implements StoreListener {

    @Override
    public void onEvents(List<BlockEvent> events) {}

    @Override
    public void onTrouble(String trouble) {
      line.set(trouble);
    }
  }

  /**
   * Loads a file. Blocks until all is written.
   *
   * @param settings of a data folder with files
   * @param layout that the blocks must have
   * @param vocabulary token ids are below this
   * @throws IOException in one line, when the file is none, is damaged or of another model, or the
   *     blocks could not be written
   * @throws IllegalArgumentException when the secret or the files are open to others
   */
  public static PrefixLoader.Loaded load(
      Path file, KvSettings settings, KvLayout layout, int vocabulary)
      throws IOException, InterruptedException {
    Path folder = Objects.requireNonNull(settings.folder(), "a data folder with files");
    KvSecret.requirePrivate(folder);
    byte[] salt = KvSecret.of(settings).tenantSalt(TieredKv.TENANT);
    Trouble trouble = new Trouble(new AtomicReference<>());
    try (BlockStore store =
        BlockStore.open(
            StoreSettings.of(settings.hostBytes(), folder, settings.diskBytes()),
            trouble,
            InstantSource.system())) {
      PrefixLoader.Loaded loaded =
          new PrefixLoader(
                  store,
                  layout,
                  vocabulary,
                  new BlockNames(salt, layout).chain("", null),
                  TieredKv.TENANT)
              .load(file);
      boolean written = store.awaitWritten(PATIENCE);
      String line = trouble.line().get();
      if (line != null || !written) {
        throw new IOException(line == null ? "the blocks took too long to be written" : line);
      }
      if (loaded.pinned() < loaded.blocks()) {
        throw new IOException(
            "only %d of %d blocks found room; give --kv-disk more"
                .formatted(loaded.pinned(), loaded.blocks()));
      }
      return loaded;
    }
  }
}
