package io.sampo.engines.modelstore.download;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * SHA-256 of OpenSSL's libcrypto, where the machine has it. The JDK's own reaches the processor's
 * instructions for it only through the thorough compiler, which a node does without: beside this it
 * takes ten times the CPU, seconds for each gigabyte of a model.
 */
@SuppressWarnings("restricted")
final class LibCrypto {

  private static final int PIECE_BYTES = 1 << 20;
  private static final int DIGEST_BYTES = 32;

  private final MethodHandle sha256;
  private final MethodHandle newContext;
  private final MethodHandle freeContext;
  private final MethodHandle begin;
  private final MethodHandle update;
  private final MethodHandle end;

  private LibCrypto(SymbolLookup library) {
    sha256 = function(library, "EVP_sha256", ADDRESS);
    newContext = function(library, "EVP_MD_CTX_new", ADDRESS);
    freeContext =
        Linker.nativeLinker()
            .downcallHandle(
                library.findOrThrow("EVP_MD_CTX_free"), FunctionDescriptor.ofVoid(ADDRESS));
    begin = function(library, "EVP_DigestInit_ex", JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
    update = function(library, "EVP_DigestUpdate", JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG);
    end = function(library, "EVP_DigestFinal_ex", JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
  }

  /** The library, which stays loaded; empty where the machine has none that is known. */
  static Optional<LibCrypto> open() {
    try {
      return Optional.of(
          new LibCrypto(SymbolLookup.libraryLookup("libcrypto.so.3", Arena.global())));
    } catch (IllegalArgumentException | NoSuchElementException missing) {
      return Optional.empty();
    }
  }

  private static MethodHandle function(
      SymbolLookup library, String name, MemoryLayout result, MemoryLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), FunctionDescriptor.of(result, arguments));
  }

  /** The digest of a file's content, in lower-case hexadecimal. */
  String sha256(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined();
        SeekableByteChannel in = Files.newByteChannel(file)) {
      MemorySegment context = (MemorySegment) newContext.invokeExact();
      try {
        done(
            (int)
                begin.invokeExact(
                    context, (MemorySegment) sha256.invokeExact(), MemorySegment.NULL));
        MemorySegment piece = arena.allocate(PIECE_BYTES);
        ByteBuffer buffer = piece.asByteBuffer();
        while (in.read(buffer.clear()) >= 0) {
          done((int) update.invokeExact(context, piece, (long) buffer.position()));
        }
        MemorySegment digest = arena.allocate(DIGEST_BYTES);
        done((int) end.invokeExact(context, digest, MemorySegment.NULL));
        return HexFormat.of().formatHex(digest.toArray(JAVA_BYTE));
      } finally {
        freeContext.invokeExact(context);
      }
    } catch (IOException | RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static void done(int status) {
    if (status != 1) {
      throw new IllegalStateException("libcrypto computes no SHA-256");
    }
  }
}
