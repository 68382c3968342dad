package io.sampo.kvcache.store;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A folder of block files, one block each, named by its hash. A file gets its name when it is
 * whole, so that a process may end at any time; what a power failure leaves of it is found by its
 * checksums. Files that have other names are let alone.
 *
 * <p>It belongs to one process, which holds a lock on it. Files are written and deleted by one
 * thread, and read by any.
 */
final class BlockFolder implements AutoCloseable {

  /** A block that was found. */
  record Found(BlockFile file, long modifiedMillis) {}

  /** What was in the folder, and how many files were damaged and are gone. */
  record Contents(List<Found> blocks, int damaged) {}

  private static final String SUFFIX = ".kv";
  private static final String UNFINISHED = "unfinished.tmp";
  private static final Pattern NAME = Pattern.compile("[0-9a-f]{32}\\.kv");

  private final Path folder;
  private final FileChannel lock;

  /** Makes the folder if need be, and takes it. */
  BlockFolder(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder, mine(folder));
    lock = lock(folder);
  }

  private static FileChannel lock(Path folder) throws IOException {
    FileChannel channel = FileChannel.open(folder.resolve("lock"), CREATE, WRITE);
    boolean locked = false;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException ofThisProcess) {
      locked = false;
    } finally {
      if (!locked) {
        channel.close();
      }
    }
    if (!locked) {
      throw new IOException("another store uses this folder");
    }
    return channel;
  }

  /**
   * KV tells what a text says: a new folder is for its owner alone, where the system knows such.
   */
  private static FileAttribute<?>[] mine(Path folder) {
    return folder.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  /** Reads the heads of all files; deletes those that are damaged or were not finished. */
  Contents read() throws IOException {
    Files.deleteIfExists(folder.resolve(UNFINISHED));
    List<Found> found = new ArrayList<>();
    int damaged = 0;
    ByteBuffer head = ByteBuffer.allocateDirect(BlockFile.MAX_HEAD_BYTES);
    try (DirectoryStream<Path> paths = Files.newDirectoryStream(folder)) {
      for (Path path : paths) {
        if (NAME.matcher(path.getFileName().toString()).matches()) {
          Found one = readHead(path, head.clear());
          if (one == null) {
            damaged++;
            Files.deleteIfExists(path);
          } else {
            found.add(one);
          }
        }
      }
    }
    return new Contents(found, damaged);
  }

  private static @Nullable Found readHead(Path path, ByteBuffer head) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      return null;
    }
    try (FileChannel channel = FileChannel.open(path, READ)) {
      fill(channel, head, 0);
    }
    BlockFile file = BlockFile.read(head.flip(), attributes.size());
    return file != null && path.endsWith(file.hash() + SUFFIX)
        ? new Found(file, attributes.lastModifiedTime().toMillis())
        : null;
  }

  private static void fill(FileChannel channel, ByteBuffer into, long from) throws IOException {
    long at = from;
    while (into.hasRemaining()) {
      int read = channel.read(into, at);
      if (read < 0) {
        return;
      }
      at += read;
    }
  }

  private Path path(BlockHash hash) {
    return folder.resolve(hash + SUFFIX);
  }

  /**
   * Writes a block; it is there whole, or not at all.
   *
   * @param instead a block whose file is not needed any more and may be written over, which is
   *     faster than a new one; null where there is none
   */
  void write(BlockFile file, KvBlock block, @Nullable BlockHash instead) throws IOException {
    Path unfinished = folder.resolve(UNFINISHED);
    try {
      if (instead != null && Files.exists(path(instead))) {
        Files.move(path(instead), unfinished, ATOMIC_MOVE);
      }
      try (FileChannel channel = FileChannel.open(unfinished, CREATE, WRITE)) {
        ByteBuffer[] parts = {file.head(), block.bytes().asByteBuffer()};
        while (parts[1].hasRemaining()) {
          channel.write(parts);
        }
        channel.truncate(file.fileBytes());
      }
      Files.move(unfinished, path(file.hash()), ATOMIC_MOVE);
    } catch (IOException failed) {
      deleteQuietly(unfinished, failed);
      throw failed;
    }
  }

  private static void deleteQuietly(Path unfinished, IOException failed) {
    try {
      Files.deleteIfExists(unfinished);
    } catch (IOException also) {
      failed.addSuppressed(also);
    }
  }

  /** Reads a block's bytes; false when the file has fewer or more, or is not there. */
  boolean read(BlockFile file, MemorySegment into) throws IOException {
    try (FileChannel channel = FileChannel.open(path(file.hash()), READ)) {
      ByteBuffer bytes = into.asByteBuffer();
      fill(channel, bytes, file.headBytes());
      return !bytes.hasRemaining() && channel.size() == file.fileBytes();
    } catch (NoSuchFileException gone) {
      return false;
    }
  }

  void delete(BlockHash hash) throws IOException {
    Files.deleteIfExists(path(hash));
  }

  /** Lets another store have it. */
  @Override
  public void close() throws IOException {
    lock.close();
  }
}
