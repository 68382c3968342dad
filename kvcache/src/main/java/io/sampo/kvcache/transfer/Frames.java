package io.sampo.kvcache.transfer;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/**
 * The form of everything that travels after the {@link Handshake}. A frame is a head of a fixed
 * length, perhaps a body, and a {@link Seal} over both. All numbers are little-endian and of 4
 * bytes where nothing else is said.
 *
 * <pre>
 *   REQUEST, fetcher to server         BLOCK, server to fetcher        END, server to fetcher
 *    0  1                               0  2                            0  3
 *    4  number of the request           4  number of the request        4  number of the request
 *    8  hashes, 1 to 4096               8  which of the wanted          8  blocks that were sent
 *   12  first position                 12  bytes of the block          12  why, see {@link Ending}
 *   16  milliseconds the fetcher waits 16  its hash, 16 bytes          16  zeros
 *   20  bytes of a block               32  the block                   32
 *   24  digest of the layout, 32 bytes
 *   56  hashes, 16 bytes each
 * </pre>
 *
 * <p>To a request the server answers with the blocks that it holds, in order, up to the first that
 * it does not hold, and then always with an END. Nothing else is sent meanwhile: what the fetcher
 * has memory for is what it asks for, and TCP's own window does the rest.
 */
final class Frames {

  static final int REQUEST = 1;
  static final int BLOCK = 2;
  static final int END = 3;

  static final int REQUEST_HEAD_BYTES = 56;
  static final int HASH_BYTES = 2 * Long.BYTES;
  static final int ANSWER_HEAD_BYTES = 32;

  /** Why a server ends its answer. */
  enum Ending {
    COMPLETE(0, FetchEnd.COMPLETE),
    NOT_HELD(1, FetchEnd.NOT_HELD),
    OTHER_LAYOUT(2, FetchEnd.OTHER_LAYOUT);

    private final int code;
    private final FetchEnd means;

    Ending(int code, FetchEnd means) {
      this.code = code;
      this.means = means;
    }

    /** What it is for the fetch. */
    FetchEnd means() {
      return means;
    }

    static Ending of(int code) throws DoubtException {
      for (Ending ending : values()) {
        if (ending.code == code) {
          return ending;
        }
      }
      throw new DoubtException(FetchEnd.MALFORMED, "an answer ends for no known reason: " + code);
    }
  }

  /**
   * The head of a request.
   *
   * @param number counts the requests of a connection from 1
   * @param hashes how many follow
   */
  record RequestHead(
      int number, int hashes, int firstPosition, int budgetMillis, int blockBytes, byte[] layout) {

    static RequestHead read(ByteBuffer head) throws DoubtException {
      malformedUnless(head.getInt() == REQUEST, "a request must begin with its type");
      byte[] layout = new byte[32];
      RequestHead read =
          new RequestHead(
              head.getInt(), head.getInt(), head.getInt(), head.getInt(), head.getInt(), layout);
      head.get(layout);
      malformedUnless(
          read.hashes >= 1 && read.hashes <= Wanted.MAX_BLOCKS, "hashes must be 1 to 4096");
      malformedUnless(
          read.firstPosition >= 0 && read.budgetMillis >= 0, "a number of a request is negative");
      return read;
    }

    void write(ByteBuffer head) {
      head.putInt(REQUEST).putInt(number).putInt(hashes).putInt(firstPosition);
      head.putInt(budgetMillis).putInt(blockBytes).put(layout);
    }
  }

  /**
   * The head of a block or of an end.
   *
   * @param index which of the wanted blocks; of an end, how many blocks were sent
   * @param number bytes of a block; of an end, its reason
   */
  record AnswerHead(int type, int request, int index, int number, BlockHash hash) {

    static AnswerHead block(int request, int index, int bytes, BlockHash hash) {
      return new AnswerHead(BLOCK, request, index, bytes, hash);
    }

    static AnswerHead end(int request, int blocks, Ending reason) {
      return new AnswerHead(END, request, blocks, reason.code, new BlockHash(0, 0));
    }

    static AnswerHead read(ByteBuffer head) throws DoubtException {
      AnswerHead read =
          new AnswerHead(
              head.getInt(),
              head.getInt(),
              head.getInt(),
              head.getInt(),
              new BlockHash(head.getLong(), head.getLong()));
      malformedUnless(read.type == BLOCK || read.type == END, "an answer of no known type");
      return read;
    }

    void write(ByteBuffer head) {
      head.putInt(type).putInt(request).putInt(index).putInt(number);
      head.putLong(hash.first()).putLong(hash.second());
    }

    Ending ending() throws DoubtException {
      return Ending.of(number);
    }
  }

  private Frames() {}

  /** A buffer for a frame or a part of it, in the order of bytes that all of them have. */
  static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static void write(List<BlockHash> hashes, ByteBuffer into) {
    for (BlockHash hash : hashes) {
      into.putLong(hash.first()).putLong(hash.second());
    }
  }

  static List<BlockHash> readHashes(ByteBuffer from) {
    List<BlockHash> hashes = new ArrayList<>(from.remaining() / HASH_BYTES);
    while (from.hasRemaining()) {
      hashes.add(new BlockHash(from.getLong(), from.getLong()));
    }
    return hashes;
  }

  /** 32 bytes that stand for a layout: equal where layouts are, on all machines. */
  static byte[] digest(KvLayout layout) {
    ByteBuffer form = ByteBuffer.allocate(4 * Integer.BYTES + 2 * layout.layers() * Integer.BYTES);
    form.order(ByteOrder.LITTLE_ENDIAN);
    form.putInt(layout.keys().code()).putInt(layout.values().code());
    form.putInt(layout.blockTokens()).putInt(layout.layers());
    layout.keyRowBytes().forEach(form::putInt);
    layout.valueRowBytes().forEach(form::putInt);
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(layout.model().bytes());
      return sha256.digest(form.array());
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static void malformedUnless(boolean holds, String message) throws DoubtException {
    DoubtException.unless(holds, FetchEnd.MALFORMED, message);
  }
}
