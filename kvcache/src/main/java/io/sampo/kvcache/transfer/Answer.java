package io.sampo.kvcache.transfer;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvBlockRejectedException;
import io.sampo.kvcache.transfer.Frames.AnswerHead;
import io.sampo.kvcache.transfer.Frames.RequestHead;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One question to a peer and the answer, block by block, each checked before it is counted among
 * those that came. What came before a doubt is as good as it was.
 */
final class Answer {

  private final Wanted wanted;
  private final List<MemorySegment> memory;
  private final List<KvBlock> blocks = new ArrayList<>();
  private final ByteBuffer head = Frames.buffer(Frames.ANSWER_HEAD_BYTES);
  private boolean begun;
  private long beganAt;

  Answer(Wanted wanted, List<MemorySegment> memory) {
    this.wanted = wanted;
    this.memory = memory;
  }

  /** Sends the question. */
  void ask(SealedWire wire, int number, int budgetMillis) throws IOException {
    int hashes = wanted.hashes().size();
    ByteBuffer request = Frames.buffer(Frames.REQUEST_HEAD_BYTES + hashes * Frames.HASH_BYTES);
    new RequestHead(
            number,
            hashes,
            wanted.firstPosition(),
            budgetMillis,
            wanted.layout().blockBytes(),
            Frames.digest(wanted.layout()))
        .write(request);
    Frames.write(wanted.hashes(), request);
    wire.send(request.flip());
  }

  /**
   * Receives the answer to its end.
   *
   * @throws DoubtException at the first thing that is not as it must be
   * @throws IOException when the connection ends before
   */
  FetchEnd receive(SealedWire wire, int number) throws IOException {
    while (true) {
      wire.receive(head.clear());
      if (!begun) {
        beganAt = System.nanoTime();
        begun = true;
      }
      AnswerHead next = AnswerHead.read(head.flip());
      DoubtException.unless(
          next.request() == number, FetchEnd.MALFORMED, "the answer to another request");
      if (next.type() == Frames.END) {
        wire.receiveSeal();
        return end(next);
      }
      receiveBlock(wire, next);
    }
  }

  private FetchEnd end(AnswerHead end) throws DoubtException {
    FetchEnd means = end.ending().means();
    DoubtException.unless(
        end.index() == blocks.size()
            && (means == FetchEnd.COMPLETE) == (blocks.size() == wanted.hashes().size()),
        FetchEnd.MALFORMED,
        "an answer that ends with another number of blocks than were sent");
    return means;
  }

  private void receiveBlock(SealedWire wire, AnswerHead next) throws IOException {
    int index = blocks.size();
    DoubtException.unless(
        next.index() == index && index < wanted.hashes().size(),
        FetchEnd.WRONG_ORDER,
        "block %d where %d of %d is due".formatted(next.index(), index, wanted.hashes().size()));
    BlockHash hash = wanted.hashes().get(index);
    DoubtException.unless(
        next.hash().equals(hash), FetchEnd.WRONG_HASH, "a block that was not asked for");
    MemorySegment place = memory.get(index);
    DoubtException.unless(
        next.number() == place.byteSize(), FetchEnd.WRONG_LENGTH, "a block of another length");
    wire.receive(place);
    wire.receiveSeal();
    blocks.add(open(place, index));
  }

  private KvBlock open(MemorySegment place, int index) throws DoubtException {
    try {
      KvBlock block = KvBlock.open(place, wanted.layout());
      DoubtException.unless(
          block.firstPosition() == wanted.positionOf(index),
          FetchEnd.WRONG_POSITION,
          "a block of another place");
      return block;
    } catch (KvBlockRejectedException rejected) {
      throw new DoubtException(reason(rejected), "no such block: " + rejected.getMessage());
    }
  }

  private static FetchEnd reason(KvBlockRejectedException rejected) {
    return switch (rejected.rule()) {
      case SIZE -> FetchEnd.WRONG_LENGTH;
      case POSITION -> FetchEnd.WRONG_POSITION;
      case CHECKSUM -> FetchEnd.DAMAGED;
      case MAGIC, VERSION, MODEL, FORMAT, SHAPE -> FetchEnd.WRONG_LAYOUT;
    };
  }

  /** The blocks that came and passed, in order. */
  List<KvBlock> blocks() {
    return blocks;
  }

  /** Whether the peer has said anything. */
  boolean begun() {
    return begun;
  }

  /** When it did. */
  long beganAt() {
    return beganAt;
  }
}
