import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.store.BlockStore;
import io.sampo.kvcache.store.Reservation;
import io.sampo.kvcache.store.StoreListener;
import io.sampo.kvcache.store.StoreSettings;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Blocks of a text into and out of a store's tiers, beside plain copies and plain file reads of as
 * many bytes.
 *
 * <p>Arguments: a folder, tokens of the text, and how often.
 */
class Tiers {

  private static final int BLOCK_TOKENS = 32;

  /** A Llama-3.2-1B in f16: 16 layers, 8 heads of 64. */
  private static final KvLayout LAYOUT =
      new KvLayout(
          ModelFingerprint.of("bench", List.of("1b")),
          KvFormat.F16,
          KvFormat.F16,
          Collections.nCopies(16, 1024),
          Collections.nCopies(16, 1024),
          BLOCK_TOKENS);

  /** So many texts have room in DISK, and so many plain files are kept. */
  private static final int FILES = 4;

  private static final int BYTES = LAYOUT.blockBytes();

  private final Path folder;
  private final int blocks;
  private final int times;
  private final MemorySegment source;
  private final MemorySegment target;
  private int names;
  private int files;

  private Tiers(Path folder, int blocks, int times) {
    this.folder = folder;
    this.blocks = blocks;
    this.times = times;
    source = Arena.global().allocate((long) blocks * BYTES, 64);
    target = Arena.global().allocate((long) blocks * BYTES, 64);
    Random random = new Random(7);
    for (long at = 0; at + Long.BYTES <= source.byteSize(); at += Long.BYTES) {
      source.set(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
    }
  }

  public static void main(String[] arguments) throws Exception {
    int blocks = Integer.parseInt(arguments[1]) / BLOCK_TOKENS;
    new Tiers(Path.of(arguments[0]), blocks, Integer.parseInt(arguments[2])).run();
  }

  private interface Work {
    void run() throws Exception;
  }

  /** Gigabytes per second, each time; two warm-ups before. */
  private List<Double> rates(Work work) throws Exception {
    List<Double> rates = new ArrayList<>();
    for (int round = -2; round < times; round++) {
      long began = System.nanoTime();
      work.run();
      double rate = (double) blocks * BYTES / (System.nanoTime() - began);
      if (round >= 0) {
        rates.add(rate);
      }
    }
    return rates;
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  private static void print(String what, List<Double> rates, List<Double> medium, String name) {
    System.out.printf(
        "%-30s %6.2f GB/s   %-14s %6.2f GB/s   ratio %.2f%n",
        what, median(rates), name, median(medium), median(rates) / median(medium));
  }

  private void run() throws Exception {
    System.out.printf(
        "%d blocks of %d bytes, medians of %d rounds; files in the page cache%n",
        blocks, BYTES, times);
    List<Double> memcpy = rates(this::copy);
    try (BlockStore store = open(StoreSettings.hostOnly(hostBytes(3 * blocks)))) {
      print("put into HOST", rates(() -> put(store)), rates(this::seal), "copy and seal");
      long[] text = put(store);
      print("borrow from HOST, and copied", rates(() -> borrow(store, text)), memcpy, "memcpy");
    }
    List<Double> reads = rates(this::readFile);
    List<Double> writes = rates(this::writeFile);
    Path kv = folder.resolve("kv");
    long diskBytes = (long) FILES * blocks * (BYTES + BYTES / 32);
    StoreSettings both = StoreSettings.of(hostBytes(blocks + blocks / 4), kv, diskBytes);
    long[] last = {};
    try (BlockStore store = open(both)) {
      long[] one = put(store);
      store.awaitWritten(Duration.ofMinutes(5));
      long[] other = put(store);
      store.awaitWritten(Duration.ofMinutes(5));
      long[][] texts = {one, other};
      int[] turn = {0};
      // Each text takes the memory of the other one, so all bytes come from files.
      print(
          "borrow from DISK into HOST",
          rates(() -> borrowOnly(store, texts[turn[0]++ % 2])),
          reads,
          "file read");
      print(
          "put, until it is in DISK",
          rates(
              () -> {
                put(store);
                store.awaitWritten(Duration.ofMinutes(5));
              }),
          writes,
          "file write");
      last = put(store);
    }
    long began = System.nanoTime();
    try (BlockStore store = open(both)) {
      store.awaitWritten(Duration.ofMinutes(5));
      double opened = (System.nanoTime() - began) / 1e6;
      System.out.printf(
          "opened again with %d blocks in %.0f ms; of the last text %d of %d are there%n",
          store.stats().disk().blocks(), opened, store.leading(last).disk(), blocks);
    }
  }

  /** Enough slabs for so many blocks. */
  private static long hostBytes(int blocks) {
    return blocks * (BYTES + BYTES / 32L) + (64L << 20);
  }

  private static BlockStore open(StoreSettings settings) {
    return BlockStore.open(
        settings,
        new StoreListener() {
          @Override
          public void onEvents(List<BlockEvent> events) {}

          @Override
          public void onTrouble(String trouble) {
            System.out.println(trouble);
          }
        },
        InstantSource.system());
  }

  private void copy() {
    for (int block = 0; block < blocks; block++) {
      MemorySegment.copy(source, (long) block * BYTES, target, (long) block * BYTES, BYTES);
    }
  }

  private BlockHash hash(long[] text, int block) {
    return new BlockHash(text[0] * 1_000_003 + block, block);
  }

  /** Puts a new text, as an engine would: its bytes copied and sealed. */
  private long[] put(BlockStore store) {
    long[] text = {++names};
    for (int block = 0; block < blocks; block++) {
      BlockHash before = block == 0 ? null : hash(text, block - 1);
      try (Reservation room = store.reserve(hash(text, block), before, LAYOUT, "default", 180)) {
        MemorySegment.copy(source, (long) block * BYTES, room.memory(), 0, BYTES);
        room.commit(KvBlock.seal(room.memory(), LAYOUT, block * BLOCK_TOKENS));
      }
    }
    return hashes(text);
  }

  private long[] hashes(long[] text) {
    long[] hashes = new long[BlockHash.LONGS * blocks];
    for (int block = 0; block < blocks; block++) {
      hashes[BlockHash.LONGS * block] = hash(text, block).first();
      hashes[BlockHash.LONGS * block + 1] = hash(text, block).second();
    }
    return hashes;
  }

  private void borrow(BlockStore store, long[] text) {
    for (int block = 0; block < blocks; block++) {
      try (BorrowedBlock lent = store.borrow(BlockHash.at(text, block))) {
        MemorySegment.copy(lent.block().bytes(), 0, target, (long) block * BYTES, BYTES);
      }
    }
  }

  private void borrowOnly(BlockStore store, long[] text) {
    for (int block = 0; block < blocks; block++) {
      try (BorrowedBlock lent = store.borrow(BlockHash.at(text, block))) {
        if (lent.block().firstPosition() != block * BLOCK_TOKENS) {
          throw new IllegalStateException("another block");
        }
      }
    }
  }

  /** What a put does with bytes, without a store. */
  private void seal() {
    for (int block = 0; block < blocks; block++) {
      MemorySegment into = target.asSlice((long) block * BYTES, BYTES);
      MemorySegment.copy(source, (long) block * BYTES, into, 0, BYTES);
      KvBlock.seal(into, LAYOUT, block * BLOCK_TOKENS);
    }
  }

  private Path plain(int file) {
    return folder.resolve("plain-" + file);
  }

  private void writeFile() throws IOException {
    Path plain = plain(++files);
    Files.deleteIfExists(plain(files - FILES));
    try (FileChannel channel =
        FileChannel.open(plain, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int block = 0; block < blocks; block++) {
        channel.write(source.asSlice((long) block * BYTES, BYTES).asByteBuffer());
      }
    }
  }

  private void readFile() throws IOException {
    if (files == 0) {
      writeFile();
    }
    try (FileChannel channel = FileChannel.open(plain(files), StandardOpenOption.READ)) {
      for (int block = 0; block < blocks; block++) {
        ByteBuffer into = target.asSlice((long) block * BYTES, BYTES).asByteBuffer();
        channel.read(into);
      }
    }
  }
}
