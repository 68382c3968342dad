package io.sampo.kvcache.transfer;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BlockSource;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.transfer.Deadlines.Deadline;
import io.sampo.kvcache.transfer.Frames.AnswerHead;
import io.sampo.kvcache.transfer.Frames.Ending;
import io.sampo.kvcache.transfer.Frames.RequestHead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a server, from its first byte to its last: a proof, then requests one after the
 * other, each with its answer. Whatever is wrong ends the connection.
 */
final class ServerConnection implements Runnable {

  private final Wire socket;
  private final ServerSettings settings;
  private final Credentials credentials;
  private final BlockSource source;
  private final Guests guests;
  private final Deadlines deadlines;
  private final BlockServer.Counts counts;
  private final ByteBuffer answerHead = Frames.buffer(Frames.ANSWER_HEAD_BYTES);
  private @Nullable KvLayout digested;
  private byte[] digest = {};

  ServerConnection(
      Wire socket,
      ServerSettings settings,
      Credentials credentials,
      BlockSource source,
      Guests guests,
      Deadlines deadlines,
      BlockServer.Counts counts) {
    this.socket = socket;
    this.settings = settings;
    this.credentials = credentials;
    this.source = source;
    this.guests = guests;
    this.deadlines = deadlines;
    this.counts = counts;
  }

  @Override
  public void run() {
    try (socket) {
      SealedWire wire = greet();
      if (wire == null) {
        return;
      }
      int number = 0;
      while (true) {
        Request request = receive(wire, ++number);
        counts.requests.increment();
        answer(wire, request);
      }
    } catch (DoubtException hostile) {
      counts.malformed.increment();
    } catch (IOException | RejectedExecutionException over) {
      // The other side left, its time was over, or the server closes: the end of most connections.
    } finally {
      guests.leave(socket);
    }
  }

  /** Waits for the proof; null when it does not come, is wrong, or there is no room. */
  private @Nullable SealedWire greet() {
    try (Deadline _ = within(settings.handshakeWithin())) {
      TransferTls tls = credentials.tls();
      Wire wire = tls == null ? socket : TlsWire.over(socket, tls.serverEngine());
      SealedWire proven = Handshake.asServer(credentials.secret(), wire);
      if (guests.admit(socket)) {
        return proven;
      }
      counts.refused.increment();
    } catch (IOException stranger) {
      counts.untrusted.increment();
    }
    return null;
  }

  private record Request(RequestHead head, List<BlockHash> hashes) {

    int positionOf(int block, KvLayout layout) {
      return head.firstPosition() + block * layout.blockTokens();
    }
  }

  private Request receive(SealedWire wire, int number) throws IOException {
    ByteBuffer head = Frames.buffer(Frames.REQUEST_HEAD_BYTES);
    ByteBuffer type = head.slice(0, 1);
    try (Deadline _ = within(settings.idle())) {
      wire.receive(type);
    }
    try (Deadline _ = within(settings.handshakeWithin())) {
      wire.receive(head.position(1));
      RequestHead read = RequestHead.read(head.flip());
      DoubtException.unless(
          read.number() == number, FetchEnd.MALFORMED, "requests must be numbered from 1");
      ByteBuffer hashes = Frames.buffer(read.hashes() * Frames.HASH_BYTES);
      wire.receive(hashes);
      wire.receiveSeal();
      return new Request(read, Frames.readHashes(hashes.flip()));
    }
  }

  private void answer(SealedWire wire, Request request) throws IOException {
    Duration asked = Duration.ofMillis(request.head.budgetMillis());
    Duration most = settings.answerWithin();
    Deadline deadline = within(asked.compareTo(most) < 0 ? asked : most);
    try (deadline) {
      int sent = 0;
      Ending ending = Ending.COMPLETE;
      while (sent < request.hashes.size() && ending == Ending.COMPLETE) {
        ending = lend(wire, request, sent);
        sent += ending == Ending.COMPLETE ? 1 : 0;
      }
      if (ending != Ending.COMPLETE) {
        counts.misses.increment();
      }
      send(wire, AnswerHead.end(request.head.number(), sent, ending));
    } finally {
      if (deadline.passed()) {
        counts.late.increment();
      }
    }
  }

  /** Sends one block, if it is held and is what is wanted. */
  private Ending lend(SealedWire wire, Request request, int index) throws IOException {
    BlockHash hash = request.hashes.get(index);
    try (BorrowedBlock borrowed = borrow(hash)) {
      if (borrowed == null) {
        return Ending.NOT_HELD;
      }
      KvBlock block = borrowed.block();
      if (!fits(block, request, index)) {
        return Ending.OTHER_LAYOUT;
      }
      int bytes = block.layout().blockBytes();
      AnswerHead.block(request.head.number(), index, bytes, hash).write(answerHead.clear());
      wire.send(answerHead.flip(), block.bytes());
      counts.blocks.increment();
      counts.bytes.add(bytes);
      return Ending.COMPLETE;
    }
  }

  private @Nullable BorrowedBlock borrow(BlockHash hash) {
    try {
      return source.borrow(hash);
    } catch (RuntimeException broken) {
      counts.sourceFailures.increment();
      return null;
    }
  }

  private boolean fits(KvBlock block, Request request, int index) {
    KvLayout layout = block.layout();
    if (!layout.equals(digested)) {
      digested = layout;
      digest = Frames.digest(layout);
    }
    return layout.blockBytes() == request.head.blockBytes()
        && MessageDigest.isEqual(digest, request.head.layout())
        && block.firstPosition() == request.positionOf(index, layout);
  }

  private void send(SealedWire wire, AnswerHead head) throws IOException {
    head.write(answerHead.clear());
    wire.send(answerHead.flip());
  }

  private Deadline within(Duration time) {
    return deadlines.in(time.toNanos(), socket::close);
  }
}
