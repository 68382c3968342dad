package io.sampo.engines.modelstore.stories;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * Takes one file with a known name and size out of a gzipped tar. Names in the archive are only
 * compared, never used as paths.
 */
final class TarEntry {

  private static final int BLOCK = 512;
  private static final int NAME_BYTES = 100;
  private static final int SIZE_AT = 124;
  private static final int SIZE_BYTES = 12;

  private TarEntry() {}

  /**
   * Reads the file.
   *
   * @param bytes the size it must have
   * @throws IOException when the archive has no such file of that size or is damaged
   */
  static byte[] read(Path tarGz, String name, int bytes) throws IOException {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(tarGz), 1 << 16)) {
      byte[] header = in.readNBytes(BLOCK);
      while (header.length == BLOCK && header[0] != 0) {
        long size = size(header);
        if (name(header).equals(name) && size == bytes) {
          byte[] content = in.readNBytes(bytes);
          if (content.length < bytes) {
            throw new EOFException(tarGz.getFileName() + " ends inside " + name);
          }
          return content;
        }
        in.skipNBytes((size + BLOCK - 1) / BLOCK * BLOCK);
        header = in.readNBytes(BLOCK);
      }
    }
    throw new IOException(tarGz.getFileName() + " holds no " + name + " of " + bytes + " bytes");
  }

  private static String name(byte[] header) {
    int end = 0;
    while (end < NAME_BYTES && header[end] != 0) {
      end++;
    }
    return new String(header, 0, end, StandardCharsets.UTF_8);
  }

  private static long size(byte[] header) throws IOException {
    String octal = new String(header, SIZE_AT, SIZE_BYTES, StandardCharsets.US_ASCII);
    try {
      return Long.parseLong(octal.replace('\0', ' ').trim(), 8);
    } catch (NumberFormatException damaged) {
      throw new IOException("damaged tar header", damaged);
    }
  }
}
