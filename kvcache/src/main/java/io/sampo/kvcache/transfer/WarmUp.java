package io.sampo.kvcache.transfer;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BlockSource;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Moves blocks that nobody wants from this process to itself, over a socket of the loopback. A JVM
 * interprets what it does for the first time, and so moves its first hundred megabytes many times
 * slower than the next ones; after this the first block for which somebody waits is none of those.
 */
public final class WarmUp {

  /** Of blocks of a mebibyte. */
  private static final KvLayout LAYOUT =
      new KvLayout(
          ModelFingerprint.of("warm-up", List.of()),
          KvFormat.F16,
          KvFormat.F16,
          Collections.nCopies(16, 1024),
          Collections.nCopies(16, 1024),
          32);

  private static final int BLOCKS = 8;

  private WarmUp() {}

  /** Lends every block that is asked for, by its place in the run. */
  private record MadeUp(List<KvBlock> blocks) implements BlockSource {

    @Override
    public BorrowedBlock borrow(BlockHash hash) {
      KvBlock block = blocks.get(Math.floorMod(hash.first(), BLOCKS));
      return new BorrowedBlock() {
        @Override
        public KvBlock block() {
          return block;
        }

        @Override
        public void close() {}
      };
    }
  }

  /**
   * Moves blocks. Blocks its thread.
   *
   * @param credentials of the cluster: with TLS the same code is used as between nodes
   * @param bytes stops when so many have been moved
   * @param within or when this is over
   * @return how many bytes were moved
   * @throws IOException when no port of the loopback can be listened on
   */
  public static long move(Credentials credentials, long bytes, Duration within) throws IOException {
    long due = System.nanoTime() + within.toNanos();
    List<KvBlock> blocks =
        IntStream.range(0, BLOCKS)
            .mapToObj(i -> KvBlock.seal(memory(), LAYOUT, i * LAYOUT.blockTokens()))
            .toList();
    Wanted wanted =
        new Wanted(
            LAYOUT, 0, IntStream.range(0, BLOCKS).mapToObj(i -> new BlockHash(i, 0)).toList());
    List<MemorySegment> into = wanted.hashes().stream().map(_ -> memory()).toList();
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (BlockServer server =
            BlockServer.start(ServerSettings.on(any), credentials, new MadeUp(blocks));
        BlockFetcher fetcher = new BlockFetcher(FetcherSettings.DEFAULT, credentials)) {
      boolean sound = true;
      while (sound && fetcher.stats().bytes() < bytes) {
        Duration left = Duration.ofNanos(due - System.nanoTime());
        sound = fetcher.fetch(server.address(), wanted, into, left).end() == FetchEnd.COMPLETE;
      }
      return fetcher.stats().bytes();
    }
  }

  private static MemorySegment memory() {
    return Arena.ofAuto().allocate(LAYOUT.blockBytes(), 64);
  }
}
