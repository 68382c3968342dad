package io.sampo.kvcache.transfer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BlockSource;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;

/** Texts of tenants, the blocks of their KV, and a source that holds some of them and counts. */
final class Texts implements BlockSource {

  static final ModelFingerprint MODEL = ModelFingerprint.of("engine 1", List.of("weights"));

  /** Blocks of 64 KiB and a header. */
  static final KvLayout LAYOUT = layout(MODEL, KvFormat.F16, List.of(1024, 3072));

  static final ClusterSecret SECRET = secret(1);
  static final Credentials PLAIN = Credentials.plain(SECRET);

  final AtomicInteger lent = new AtomicInteger();
  final AtomicInteger givenBack = new AtomicInteger();
  private final Map<BlockHash, KvBlock> held = new ConcurrentHashMap<>();

  static KvLayout layout(ModelFingerprint model, KvFormat format, List<Integer> rows) {
    return new KvLayout(model, format, format, rows, rows, 8);
  }

  static ClusterSecret secret(int seed) {
    byte[] bytes = new byte[ClusterSecret.BYTES];
    new Random(seed).nextBytes(bytes);
    return ClusterSecret.of(bytes);
  }

  static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** The names of the blocks of a tenant's text. */
  static List<BlockHash> names(String tenant, int text, int blocks) {
    int[] ids = new Random(text).ints(8L * blocks, 0, 32_000).toArray();
    long[] hashes = new BlockChain(tenant.getBytes(UTF_8), MODEL.bytes(), 8).hashes(ids);
    return IntStream.range(0, blocks).mapToObj(i -> BlockHash.at(hashes, i)).toList();
  }

  /** A block with bytes that only this name has. */
  static KvBlock block(BlockHash name, KvLayout layout, int position) {
    MemorySegment bytes = Arena.ofAuto().allocate(layout.blockBytes(), 64);
    Random random = new Random(name.first());
    for (long at = layout.headerBytes(); at < bytes.byteSize(); at++) {
      bytes.set(JAVA_BYTE, at, (byte) random.nextInt());
    }
    return KvBlock.seal(bytes, layout, position);
  }

  static List<MemorySegment> memory(int blocks) {
    return IntStream.range(0, blocks)
        .mapToObj(_ -> Arena.ofAuto().allocate(LAYOUT.blockBytes(), 64))
        .toList();
  }

  static Wanted wanted(List<BlockHash> names) {
    return new Wanted(LAYOUT, 0, names);
  }

  /** Waits for what another thread is about to do. */
  static ConditionFactory soon() {
    return Awaitility.await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2));
  }

  /** Holds the blocks of these names from now on, as those of a text from its beginning. */
  Texts hold(List<BlockHash> names) {
    for (int i = 0; i < names.size(); i++) {
      hold(names.get(i), block(names.get(i), LAYOUT, 8 * i));
    }
    return this;
  }

  void hold(BlockHash name, KvBlock block) {
    held.put(name, block);
  }

  @Override
  public @Nullable BorrowedBlock borrow(BlockHash hash) {
    KvBlock block = held.get(hash);
    if (block == null) {
      return null;
    }
    lent.incrementAndGet();
    return new BorrowedBlock() {
      @Override
      public KvBlock block() {
        return block;
      }

      @Override
      public void close() {
        givenBack.incrementAndGet();
      }
    };
  }

  /** That these blocks are, bit for bit, those that belong to the first of the names. */
  static void assertAreTheFirst(List<KvBlock> blocks, List<BlockHash> names) {
    for (int i = 0; i < blocks.size(); i++) {
      KvBlock true_ = block(names.get(i), LAYOUT, blocks.get(i).firstPosition());
      assertThat(blocks.get(i).bytes().mismatch(true_.bytes())).as("block %d", i).isEqualTo(-1);
    }
  }
}
