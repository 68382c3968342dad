package io.sampo.kvcache.transfer;

import static io.sampo.kvcache.transfer.Texts.LAYOUT;
import static io.sampo.kvcache.transfer.Texts.PLAIN;
import static io.sampo.kvcache.transfer.Texts.assertAreTheFirst;
import static io.sampo.kvcache.transfer.Texts.block;
import static io.sampo.kvcache.transfer.Texts.memory;
import static io.sampo.kvcache.transfer.Texts.names;
import static io.sampo.kvcache.transfer.Texts.wanted;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import io.sampo.kvcache.transfer.Frames.AnswerHead;
import io.sampo.kvcache.transfer.Frames.Ending;
import io.sampo.kvcache.transfer.LyingServer.Connection;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Blocks that are not what was asked for, from a node that knows the secret. */
@Timeout(120)
class LyingServerTest {

  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration INSTANT = Duration.ofNanos(1);
  private static final int BLOCKS = 5;

  /** What is wrong with one block of a hundred. */
  private enum Lie {
    /** A bit changed where the block was kept. */
    CORRUPTED(FetchEnd.DAMAGED),
    /** A bit changed after the block was sealed for this connection. */
    TAMPERED(FetchEnd.FORGED),
    /** The end of it is missing. */
    TRUNCATED(FetchEnd.WRONG_LENGTH),
    /** The next one comes first. */
    REORDERED(FetchEnd.WRONG_ORDER),
    /** As REORDERED, and numbered as if it were the right one. */
    RENUMBERED(FetchEnd.WRONG_HASH),
    /** The next one's bytes under the right name. */
    MISPLACED(FetchEnd.WRONG_POSITION),
    /** Another tenant's block of the same tokens. */
    OTHER_TENANT(FetchEnd.WRONG_HASH),
    /** Of the same tokens and shape, by a model with an adapter. */
    OTHER_MODEL(FetchEnd.WRONG_LAYOUT),
    /** As long, with the rows of two layers changed over. */
    OTHER_LAYOUT(FetchEnd.WRONG_LAYOUT),
    /** The right one, as it was sent and sealed over an older connection. */
    REPLAYED(FetchEnd.FORGED),
    /** Random bytes. */
    NOISE(FetchEnd.WRONG_LAYOUT);

    private final FetchEnd found;

    Lie(FetchEnd found) {
      this.found = found;
    }
  }

  private final Random random = new Random(20);
  private final Map<FetchEnd, Long> told = new EnumMap<>(FetchEnd.class);
  private volatile boolean honest = true;
  private volatile Lie lie = Lie.NOISE;
  private volatile int lieAt;

  @Test
  void findsEveryWrongBlockAndServesTheGoodOnes() throws IOException {
    FetcherSettings forgiving = new FetcherSettings(8, 1, 0, SOON, SOON, INSTANT, INSTANT);
    int texts = 440;
    long good = 0;
    try (LyingServer server = new LyingServer(this::answer);
        BlockFetcher fetcher = new BlockFetcher(forgiving, PLAIN)) {
      List<MemorySegment> memory = memory(BLOCKS);
      // What the server remembers of an older connection.
      fetcher.fetch(server.address(), wanted(names("tenant", 0, BLOCKS)), memory, SOON);
      for (int text = 0; text < texts; text++) {
        // 22 wrong blocks of 2200, each lie twice.
        honest = text % 20 != 0;
        lie = Lie.values()[text / 20 % Lie.values().length];
        lieAt = random.nextInt(BLOCKS - 1);
        if (!honest) {
          fetcher.forget(server.address());
        }
        List<BlockHash> names = names("tenant", !honest && lie == Lie.REPLAYED ? 0 : text, BLOCKS);
        Fetched fetched = fetcher.fetch(server.address(), wanted(names), memory, SOON);
        assertThat(fetched.end())
            .as("%s in text %d", lie, text)
            .isEqualTo(honest ? FetchEnd.COMPLETE : lie.found);
        assertThat(fetched.blocks()).hasSize(honest ? BLOCKS : lieAt);
        assertAreTheFirst(fetched.blocks(), names);
        good += fetched.blocks().size();
        if (!honest) {
          told.merge(lie.found, 1L, Long::sum);
        }
      }
      FetcherStats stats = fetcher.stats();
      told.forEach((found, times) -> assertThat(stats.ends()).containsEntry(found, times));
      assertThat(stats.ends()).containsEntry(FetchEnd.COMPLETE, texts - 22L + 1);
      assertThat(stats.blocks()).isEqualTo(good + BLOCKS);
    }
  }

  private void answer(Connection connection, int request, List<BlockHash> hashes)
      throws IOException {
    for (int index = 0; index < hashes.size(); index++) {
      if (!honest && index == lieAt) {
        tell(connection, request, index, hashes);
      } else {
        send(connection, request, index, hashes.get(index), bytes(hashes.get(index), 8 * index));
      }
    }
    ByteBuffer end = Frames.buffer(Frames.ANSWER_HEAD_BYTES);
    AnswerHead.end(request, hashes.size(), Ending.COMPLETE).write(end);
    connection.wire().send(end.flip());
  }

  private void tell(Connection connection, int request, int index, List<BlockHash> hashes)
      throws IOException {
    BlockHash name = hashes.get(index);
    BlockHash next = hashes.get(index + 1);
    int position = 8 * index;
    MemorySegment right = bytes(name, position);
    switch (lie) {
      case CORRUPTED -> send(connection, request, index, name, flipped(right));
      case TAMPERED -> {
        connection.below().spoil();
        send(connection, request, index, name, right);
      }
      case TRUNCATED ->
          send(connection, request, index, name, right.asSlice(0, right.byteSize() - 8));
      case REORDERED -> send(connection, request, index + 1, next, bytes(next, position + 8));
      case RENUMBERED -> send(connection, request, index, next, bytes(next, position + 8));
      case MISPLACED -> send(connection, request, index, name, bytes(next, position + 8));
      case OTHER_TENANT -> {
        BlockHash others = names("another tenant", 1, BLOCKS).get(index);
        send(connection, request, index, others, bytes(others, position));
      }
      case OTHER_MODEL -> {
        ModelFingerprint adapted = ModelFingerprint.of("engine 1", List.of("weights", "adapter"));
        KvLayout other = Texts.layout(adapted, KvFormat.F16, LAYOUT.keyRowBytes());
        send(connection, request, index, name, block(name, other, position).bytes());
      }
      case OTHER_LAYOUT -> {
        KvLayout other = Texts.layout(Texts.MODEL, KvFormat.F16, List.of(3072, 1024));
        send(connection, request, index, name, block(name, other, position).bytes());
      }
      case REPLAYED -> connection.below().repeat(name);
      case NOISE -> send(connection, request, index, name, noise());
    }
  }

  private static MemorySegment bytes(BlockHash name, int position) {
    return block(name, LAYOUT, position).bytes();
  }

  private MemorySegment flipped(MemorySegment bytes) {
    MemorySegment copy = Arena.ofAuto().allocate(bytes.byteSize()).copyFrom(bytes);
    long at = LAYOUT.headerBytes() + random.nextLong(LAYOUT.payloadBytes());
    copy.set(JAVA_BYTE, at, (byte) (copy.get(JAVA_BYTE, at) ^ 1));
    return copy;
  }

  private MemorySegment noise() {
    byte[] noise = new byte[LAYOUT.blockBytes()];
    random.nextBytes(noise);
    // As far as a thorough liar comes who does not know a model's fingerprint.
    MemorySegment bytes = MemorySegment.ofArray(noise);
    return bytes.copyFrom(MemorySegment.ofArray("SAMPOKVB\1\0\0\0".getBytes(US_ASCII)));
  }

  private static void send(
      Connection connection, int request, int index, BlockHash name, MemorySegment bytes)
      throws IOException {
    ByteBuffer head = Frames.buffer(Frames.ANSWER_HEAD_BYTES);
    AnswerHead.block(request, index, (int) bytes.byteSize(), name).write(head);
    connection.wire().send(head.flip(), bytes);
  }
}
