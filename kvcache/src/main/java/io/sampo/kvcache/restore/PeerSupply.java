package io.sampo.kvcache.restore;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.store.BlockStore;
import io.sampo.kvcache.store.Reservation;
import io.sampo.kvcache.transfer.BlockFetcher;
import io.sampo.kvcache.transfer.Fetched;
import io.sampo.kvcache.transfer.Wanted;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A text's blocks as another node has them. What comes is put into this node's store on its way, as
 * far as that takes it; the rest lies in memory of its own until it is closed.
 */
public final class PeerSupply implements Supply {

  private final BlockFetcher fetcher;
  private final InetSocketAddress peer;
  private final BlockStore store;
  private final KvLayout layout;
  private final long[] hashes;
  private final String tenant;
  private final double costMillis;
  private final Consumer<Fetched> told;

  /**
   * @param store of this node
   * @param layout of the text's blocks
   * @param hashes of all blocks of the text
   * @param tenant whose text it is
   * @param costMillis what computing one of its blocks takes
   * @param told hears what came of each fetch, on the thread that fetched
   */
  public PeerSupply(
      BlockFetcher fetcher,
      InetSocketAddress peer,
      BlockStore store,
      KvLayout layout,
      long[] hashes,
      String tenant,
      double costMillis,
      Consumer<Fetched> told) {
    this.fetcher = fetcher;
    this.peer = peer;
    this.store = store;
    this.layout = layout;
    this.hashes = hashes;
    this.tenant = tenant;
    this.costMillis = costMillis;
    this.told = told;
  }

  @Override
  public List<BorrowedBlock> take(int first, int count, Duration within) {
    List<Place> places = new ArrayList<>(count);
    for (int block = first; block < first + count; block++) {
      places.add(place(block));
    }
    List<BorrowedBlock> taken = new ArrayList<>(count);
    try {
      Fetched fetched =
          fetcher.fetch(
              peer, wanted(first, count), places.stream().map(Place::memory).toList(), within);
      told.accept(fetched);
      for (KvBlock block : fetched.blocks()) {
        BorrowedBlock lent = places.get(taken.size()).filled(block);
        if (lent == null) {
          break;
        }
        taken.add(lent);
      }
      return taken;
    } finally {
      places.subList(taken.size(), count).forEach(Place::close);
    }
  }

  private Wanted wanted(int first, int count) {
    List<BlockHash> names =
        IntStream.range(first, first + count)
            .mapToObj(block -> BlockHash.at(hashes, block))
            .toList();
    return new Wanted(layout, first * layout.blockTokens(), names);
  }

  private Place place(int block) {
    BlockHash hash = BlockHash.at(hashes, block);
    BlockHash before = block == 0 ? null : BlockHash.at(hashes, block - 1);
    Reservation room = store.reserve(hash, before, layout, tenant, costMillis);
    return room == null ? new Own(layout) : new InStore(store, hash, room);
  }

  /** Where a block shall lie. Closed, unless it was filled. */
  private interface Place {

    MemorySegment memory();

    /** The block has come; null when it cannot be kept after all. */
    @Nullable BorrowedBlock filled(KvBlock block);

    void close();
  }

  private record InStore(BlockStore store, BlockHash hash, Reservation room) implements Place {

    @Override
    public MemorySegment memory() {
      return room.memory();
    }

    @Override
    public @Nullable BorrowedBlock filled(KvBlock block) {
      return room.commit(block) ? store.borrow(hash) : null;
    }

    @Override
    public void close() {
      room.close();
    }
  }

  private static final class Own implements Place {

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    Own(KvLayout layout) {
      memory = arena.allocate(layout.blockBytes(), 64);
    }

    @Override
    public MemorySegment memory() {
      return memory;
    }

    @Override
    public BorrowedBlock filled(KvBlock block) {
      return new Lent(block, arena);
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  /** A block that nobody keeps: its memory ends with it. */
  private static final class Lent implements BorrowedBlock {

    private final KvBlock block;
    private final Arena arena;
    private final AtomicBoolean closed = new AtomicBoolean();

    Lent(KvBlock block, Arena arena) {
      this.block = block;
      this.arena = arena;
    }

    @Override
    public KvBlock block() {
      return block;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        arena.close();
      }
    }
  }
}
