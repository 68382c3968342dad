package io.sampo.engines.modelstore.download;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;

/**
 * Which ranges of a partial file are there, kept on disk beside it. All ranges have the same length
 * but the last. Not safe for use by many threads.
 *
 * <p>Invariant: a range is marked only after its bytes were written and forced to disk.
 */
final class RangeMap {

  private static final String HEADER = "sampo-ranges 1";

  private final Path file;
  private final String version;
  private final long bytes;
  private final long rangeBytes;
  private final BitSet done;

  private RangeMap(Path file, String version, long bytes, long rangeBytes, BitSet done) {
    this.file = file;
    this.version = version;
    this.bytes = bytes;
    this.rangeBytes = rangeBytes;
    this.done = done;
  }

  /**
   * The map on disk when it speaks of the same version and size of the source, else an empty one.
   *
   * @param version the source's ETag; an empty one never matches
   */
  static RangeMap open(Path file, String version, long bytes, long rangeBytes) throws IOException {
    RangeMap empty = new RangeMap(file, version, bytes, rangeBytes, new BitSet());
    if (version.isEmpty() || !Files.exists(file)) {
      return empty;
    }
    List<String> lines = Files.readString(file, StandardCharsets.UTF_8).lines().toList();
    boolean same =
        lines.size() == 5
            && lines.get(0).equals(HEADER)
            && lines.get(1).equals(version)
            && lines.get(2).equals(Long.toString(bytes))
            && lines.get(3).equals(Long.toString(rangeBytes));
    if (!same) {
      return empty;
    }
    try {
      BitSet done = BitSet.valueOf(HexFormat.of().parseHex(lines.get(4)));
      return done.length() > empty.ranges()
          ? empty
          : new RangeMap(file, version, bytes, rangeBytes, done);
    } catch (IllegalArgumentException damaged) {
      return empty;
    }
  }

  int ranges() {
    return Math.toIntExact(Math.ceilDiv(bytes, rangeBytes));
  }

  boolean isDone(int range) {
    return done.get(range);
  }

  long start(int range) {
    return range * rangeBytes;
  }

  /** The byte after the range's last. */
  long end(int range) {
    return Math.min(bytes, (range + 1) * rangeBytes);
  }

  long doneBytes() {
    return done.stream().mapToLong(range -> end(range) - start(range)).sum();
  }

  /** Marks a range and writes the map. */
  void mark(int range) throws IOException {
    done.set(range);
    String text =
        String.join(
            "\n",
            HEADER,
            version,
            Long.toString(bytes),
            Long.toString(rangeBytes),
            HexFormat.of().formatHex(done.toByteArray()));
    Path next = file.resolveSibling(file.getFileName() + ".next");
    Files.writeString(next, text);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
