package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvBlock;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The thread that writes and deletes the files of DISK. First it finds what an earlier process
 * left. What goes wrong is told once, until it goes right again.
 */
final class DiskWriter implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Catalog catalog;
  private final HostTier host;
  private final DiskTier tier;
  private final Announcer announcer;
  private final Path path;
  private final Thread thread;
  private boolean failing;

  DiskWriter(Catalog catalog, HostTier host, DiskTier tier, Announcer announcer, Path path) {
    this.catalog = catalog;
    this.host = host;
    this.tier = tier;
    this.announcer = announcer;
    this.path = path;
    thread = Thread.ofPlatform().name("kv-store-disk").daemon().start(this::run);
  }

  /** Writes what waits, if that does not take too long. */
  @Override
  public void close() {
    catalog.lock();
    tier.close();
    catalog.unlock();
    Threads.end(thread, PATIENCE);
  }

  private void run() {
    try (BlockFolder folder = new BlockFolder(path)) {
      adopt(folder);
      for (DiskTier.Work next = next(); next != null; next = next()) {
        switch (next) {
          case DiskTier.Write(Entry entry) -> write(entry, folder);
          case DiskTier.Delete(BlockHash hash) -> delete(hash, folder);
        }
      }
    } catch (IOException unusable) {
      leave(unusable);
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private DiskTier.@Nullable Work next() throws InterruptedException {
    catalog.lock();
    try {
      return tier.next();
    } finally {
      catalog.unlock();
    }
  }

  /** The folder is of no use. */
  private void leave(IOException reason) {
    catalog.lock();
    try {
      tier.unusable();
      announcer.trouble(
          "KV blocks are not kept on disk, for %s cannot be used: %s"
              .formatted(path, reason(reason)));
    } finally {
      catalog.unlock();
    }
  }

  /** The system's words, without the name of a file which changes from try to try. */
  private static String reason(IOException failure) {
    String reason =
        failure instanceof FileSystemException file ? file.getReason() : failure.getMessage();
    return Objects.requireNonNullElse(reason, failure.toString());
  }

  /** Takes over what an earlier process wrote, as far as it fits the budget. */
  private void adopt(BlockFolder folder) throws IOException {
    BlockFolder.Contents contents = folder.read();
    List<BlockFolder.Found> blocks = new ArrayList<>(contents.blocks());
    List<BlockHash> useless = new ArrayList<>();
    List<Entry> gone = new ArrayList<>();
    catalog.lock();
    try {
      blocks.sort(Comparator.comparingInt(found -> found.file().firstPosition()));
      for (BlockFolder.Found found : blocks) {
        if (!adopt(found.file())) {
          useless.add(found.file().hash());
        }
      }
      blocks.sort(Comparator.comparingLong(BlockFolder.Found::modifiedMillis));
      blocks.forEach(found -> inOrder(found.file().hash()));
      tier.foundDamaged(contents.damaged() + useless.size());
      tier.shrink(gone);
      tier.opened(folder);
    } finally {
      catalog.unlock();
    }
    gone.forEach(entry -> useless.add(entry.hash));
    for (BlockHash hash : useless) {
      folder.delete(hash);
    }
  }

  /** False for a block without the one before it. */
  private boolean adopt(BlockFile file) {
    Entry known = catalog.entries.get(file.hash());
    Entry parent = file.before() == null ? null : catalog.entries.get(file.before());
    boolean joins = file.follows(parent) && (parent == null || parent.disk.here);
    if (!joins || (known != null && !file.follows(known.parent))) {
      return false;
    }
    Entry entry = known == null ? new Entry(file, parent) : known;
    entry.checksum = file.checksum();
    catalog.disk.claim(entry.tenant, entry.disk.bytes);
    catalog.appear(entry.disk);
    return true;
  }

  /** What was written last goes last. */
  private void inOrder(BlockHash hash) {
    Entry entry = catalog.entries.get(hash);
    if (entry != null && entry.disk.here) {
      catalog.disk.use(entry.disk);
    }
  }

  private void delete(BlockHash hash, BlockFolder folder) {
    try {
      folder.delete(hash);
    } catch (IOException failed) {
      fail("deleted from", failed);
    }
  }

  private void write(Entry entry, BlockFolder folder) {
    List<Entry> gone = new ArrayList<>();
    KvBlock block = begin(entry, gone);
    BlockHash instead = block == null || gone.isEmpty() ? null : gone.removeFirst().hash;
    gone.forEach(one -> delete(one.hash, folder));
    if (block == null) {
      return;
    }
    boolean written = false;
    try {
      folder.write(entry.file(block.checksum()), block, instead);
      written = true;
    } catch (IOException failed) {
      fail("written to", failed);
    }
    if (!end(entry, block, written) && written) {
      // At once: the same block may have come anew, and be written next.
      delete(entry.hash, folder);
    }
  }

  /** The block to be written, held in HOST, with room claimed; null when it is not wanted. */
  private @Nullable KvBlock begin(Entry entry, List<Entry> gone) {
    catalog.lock();
    try {
      entry.waiting = false;
      if (tier.paused() || entry.disk.here || !joins(entry) || !claim(entry, gone)) {
        return null;
      }
      return host.lend(entry);
    } finally {
      catalog.unlock();
    }
  }

  /** Whether the block is there, and the one before it has a file. */
  private static boolean joins(Entry entry) {
    Entry parent = entry.parent;
    return entry.host.here && (parent == null || parent.disk.here);
  }

  /** Claims room, but not the room of the block before it. */
  private boolean claim(Entry entry, List<Entry> gone) {
    Copy before = entry.disk.before();
    if (before == null) {
      return tier.claim(entry, gone);
    }
    catalog.disk.hold(before);
    boolean claimed = tier.claim(entry, gone);
    catalog.disk.release(before);
    return claimed;
  }

  /** Whether the file is one of DISK's now. */
  private boolean end(Entry entry, KvBlock block, boolean written) {
    catalog.lock();
    try {
      boolean kept = written && joins(entry);
      if (kept) {
        entry.checksum = block.checksum();
        catalog.appear(entry.disk);
        failing = false;
      } else {
        catalog.disk.unclaim(entry.tenant, entry.disk.bytes);
      }
      host.release(entry);
      return kept;
    } finally {
      catalog.unlock();
    }
  }

  private void fail(String done, IOException reason) {
    catalog.lock();
    try {
      tier.fail();
      if (!failing) {
        failing = true;
        announcer.trouble(
            "KV blocks cannot be %s %s, which is tried again in a minute: %s"
                .formatted(done, path, reason(reason)));
      }
    } finally {
      catalog.unlock();
    }
  }
}
