import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.Tier;
import io.sampo.kvcache.index.PrefixIndex;
import io.sampo.kvcache.index.PrefixSearch;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks the prefix index and a naive map who has the beginning of prompts, while blocks come and go.
 *
 * <p>Arguments: a trace with {@code hash_ids} in each line, blocks for each of its hashes, entries,
 * holders, blocks of a beginning that all holders have, whether holders are closed, changes a
 * second, rounds, and whether the naive map runs, too.
 */
class Prefixes {

  private static final int QUERIES = 30_000;
  private static final long ROUND_NANOS = Duration.ofSeconds(2).toNanos();
  private static final long CALM_NANOS = 1_000_000;

  private final SplittableRandom random = new SplittableRandom(7);
  private final List<int[]> prompts;
  private final int split;
  private final long entries;
  private final int holders;
  private final int common;
  private final boolean closed;
  private final int changes;
  private final int rounds;
  private final List<long[]> queries = new ArrayList<>();
  private final int[] nanos = new int[8_000_000];
  private volatile boolean over;
  private int copies;
  private long busyNanos;

  private Prefixes(String[] words) throws IOException {
    prompts = read(Path.of(words[0]));
    split = Integer.parseInt(words[1]);
    entries = Long.parseLong(words[2]);
    holders = Integer.parseInt(words[3]);
    common = Integer.parseInt(words[4]);
    closed = Boolean.parseBoolean(words[5]);
    changes = Integer.parseInt(words[6]);
    rounds = Integer.parseInt(words[7]);
  }

  public static void main(String[] words) throws Exception {
    Prefixes one = new Prefixes(words);
    Figures index = one.withIndex();
    if (Boolean.parseBoolean(words[8])) {
      Figures naive = one.withMap();
      System.out.printf(
          "index against map: %.1f times the decisions, %.1f times under changes, p99 1/%.1f,"
              + " memory 1/%.1f%n",
          index.alone / naive.alone,
          index.beside / naive.beside,
          naive.p99 / index.p99,
          naive.bytes / index.bytes);
    }
  }

  /** What came out: decisions a second alone and beside changes, µs, bytes for an entry. */
  private record Figures(double alone, double beside, double p99, double bytes) {}

  /** Who is told of blocks, whichever it is. */
  private interface Writer {
    void stored(int holder, long[] hashes);

    void removed(int holder, long[] hashes);

    void tick();
  }

  private static List<int[]> read(Path trace) throws IOException {
    Pattern ids = Pattern.compile("\"hash_ids\": *\\[([^]]*)]");
    List<int[]> prompts = new ArrayList<>();
    for (String line : Files.readAllLines(trace)) {
      Matcher found = ids.matcher(line);
      if (found.find() && !found.group(1).isBlank()) {
        prompts.add(
            Arrays.stream(found.group(1).split(","))
                .map(String::trim)
                .mapToInt(Integer::parseInt)
                .toArray());
      }
    }
    return prompts;
  }

  private Figures withIndex() throws InterruptedException {
    long before = residentBytes();
    try (PrefixIndex index = new PrefixIndex(entries, holders, Duration.ofHours(24))) {
      double made = (residentBytes() - before) / (double) entries;
      PrefixSearch search = index.search();
      for (int i = 0; i < holders; i++) {
        index.addHolder();
      }
      Writer writer =
          new Writer() {
            @Override
            public void stored(int holder, long[] hashes) {
              index.stored(holder, Tier.at(holder % Tier.COUNT), hashes, closed);
            }

            @Override
            public void removed(int holder, long[] hashes) {
              index.removed(holder, Tier.at(holder % Tier.COUNT), hashes, closed);
            }

            @Override
            public void tick() {
              index.advance(System.nanoTime());
            }
          };
      long began = System.nanoTime();
      fill(
          writer,
          () -> {
            writer.tick();
            return index.stats().entries();
          },
          chain -> best(search, chain));
      double seconds = (System.nanoTime() - began) / 1e9;
      writer.tick();
      double bytes = index.stats().bytes() / (double) index.stats().entries();
      System.out.printf(
          "index: %s%n  filled in %.1f s; %.1f bytes an entry; resident when made: %.1f bytes for"
              + " each that it is for%n",
          index.stats(), seconds, bytes, made);
      BitSet candidates = new BitSet();
      candidates.set(0, holders);
      return measure(writer, chain -> decide(search, chain, candidates), bytes);
    }
  }

  private static int decide(PrefixSearch search, long[] chain, BitSet candidates) {
    search.match(chain, candidates);
    int sum = 0;
    for (int hit = 0; hit < search.count(); hit++) {
      sum = Math.max(sum, search.blocks(hit, Tier.DISK));
    }
    return sum;
  }

  /** The holder with the longest beginning, shifted by 13 bits, and how long that is. */
  private static int best(PrefixSearch search, long[] chain) {
    search.match(chain);
    int best = 0;
    for (int hit = 0; hit < search.count(); hit++) {
      int blocks = search.blocks(hit, Tier.DISK);
      if (blocks > (best & 0x1fff)) {
        best = search.holder(hit) << 13 | blocks;
      }
    }
    return best;
  }

  private Figures withMap() throws InterruptedException {
    Map<BlockHash, Map<Integer, Integer>> map = new ConcurrentHashMap<>();
    long before = usedHeap();
    long[] size = {0};
    Writer writer =
        new Writer() {
          @Override
          public void stored(int holder, long[] hashes) {
            for (int i = 0; i < BlockHash.count(hashes); i++) {
              Integer before =
                  map.computeIfAbsent(BlockHash.at(hashes, i), _ -> new ConcurrentHashMap<>(1))
                      .put(holder, 1 << holder % Tier.COUNT);
              size[0] += before == null ? 1 : 0;
            }
          }

          @Override
          public void removed(int holder, long[] hashes) {
            for (int i = 0; i < BlockHash.count(hashes); i++) {
              map.computeIfPresent(
                  BlockHash.at(hashes, i),
                  (_, of) -> {
                    of.remove(holder);
                    return of.isEmpty() ? null : of;
                  });
            }
          }

          @Override
          public void tick() {}
        };
    long began = System.nanoTime();
    long filled = fill(writer, () -> size[0], chain -> decide(map, chain, true));
    System.out.printf(
        "map: filled with %d entries in %.1f s", filled, (System.nanoTime() - began) / 1e9);
    double bytes = (usedHeap() - before) / (double) filled;
    System.out.printf(", %.1f bytes an entry%n", bytes);
    return measure(writer, chain -> decide(map, chain, false), bytes);
  }

  /** Block by block, with those who have all blocks so far. */
  private int decide(Map<BlockHash, Map<Integer, Integer>> map, long[] chain, boolean which) {
    int[] runs = new int[holders * Tier.COUNT];
    List<Integer> alive = null;
    int best = 0;
    for (int i = 0; i < BlockHash.count(chain); i++) {
      Map<Integer, Integer> of = map.get(BlockHash.at(chain, i));
      if (of == null) {
        break;
      }
      List<Integer> next = new ArrayList<>();
      for (Integer holder : alive == null ? of.keySet() : alive) {
        Integer tiers = of.get(holder);
        if (tiers != null) {
          next.add(holder);
          best = which ? holder << 13 | (i + 1) : i + 1;
          int fastest = Integer.numberOfTrailingZeros(tiers);
          for (int tier = fastest; tier < Tier.COUNT; tier++) {
            int run = holder * Tier.COUNT + tier;
            runs[run] += runs[run] == i ? 1 : 0;
          }
        }
      }
      if (next.isEmpty()) {
        break;
      }
      alive = next;
    }
    return best;
  }

  private interface Counted {
    long entries();
  }

  /**
   * Plays copies of the trace, each with hashes of its own, until there are enough entries. A
   * prompt goes to the holder with the longest beginning nine times of ten, else to any.
   */
  private long fill(Writer writer, Counted counted, ToIntFunction<long[]> best) {
    SplittableRandom dice = new SplittableRandom(3);
    queries.clear();
    long[] beginning = hashes(-1, new int[0]);
    for (int holder = 0; holder < holders && common > 0; holder++) {
      writer.stored(holder, beginning);
    }
    long known = 0;
    for (int copy = 0; known < entries; copy++) {
      for (int i = 0; i < prompts.size(); i++) {
        long[] chain = hashes(copy, prompts.get(i));
        int found = best.applyAsInt(chain);
        boolean follow = (found & 0x1fff) > common && dice.nextInt(10) > 0;
        int holder = follow ? found >>> 13 : dice.nextInt(holders);
        int has = follow ? found & 0x1fff : common;
        if (has < BlockHash.count(chain)) {
          writer.stored(holder, Arrays.copyOfRange(chain, BlockHash.LONGS * has, chain.length));
        }
        if ((i & 127) == 0) {
          known = i % 1024 == 0 || known > entries * 0.98 ? counted.entries() : known;
          if (known >= entries) {
            break;
          }
        }
      }
      known = counted.entries();
      copies = copy + 1;
    }
    for (int i = 0; i < QUERIES; i++) {
      queries.add(hashes(random.nextInt(copies), prompts.get(random.nextInt(prompts.size()))));
    }
    System.out.printf(
        "%d copies of %d prompts; asked: %.1f blocks on average, %.1f found%n",
        copies,
        prompts.size(),
        queries.stream().mapToInt(BlockHash::count).average().orElseThrow(),
        queries.stream()
            .mapToInt(chain -> best.applyAsInt(chain) & 0x1fff)
            .average()
            .orElseThrow());
    return counted.entries();
  }

  private long[] hashes(int copy, int[] ids) {
    long[] hashes = new long[BlockHash.LONGS * (common + ids.length * split)];
    for (int i = 0; i < hashes.length; i++) {
      int block = i / BlockHash.LONGS - common;
      long name =
          block < 0
              ? block
              : ((long) copy << 40) + (long) ids[block / split] * split + block % split;
      hashes[i] = mixed(name * BlockHash.LONGS + i % BlockHash.LONGS);
    }
    return hashes;
  }

  /** SplitMix64's last step. */
  private static long mixed(long bits) {
    long x = (bits + 0x1234567L) * 0x9e3779b97f4a7c15L;
    x = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }

  private Figures measure(Writer writer, ToIntFunction<long[]> decide, double bytes)
      throws InterruptedException {
    Answers warm = ask(decide);
    List<Double> alone = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      alone.add(ask(decide).perSecond());
    }
    System.out.printf(
        "  alone: %.0f decisions a second (median of %d; %.0f to %.0f; warm-up %.0f)%n",
        median(alone),
        rounds,
        alone.stream().min(Double::compare).orElseThrow(),
        alone.stream().max(Double::compare).orElseThrow(),
        warm.perSecond());
    over = false;
    long[] applied = new long[2];
    Thread changing = Thread.ofPlatform().start(() -> change(writer, applied));
    ask(decide);
    long collections = collections();
    long millis = collectionMillis();
    List<Double> beside = new ArrayList<>();
    List<Double> p99 = new ArrayList<>();
    List<Answers> answers = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      Answers one = ask(decide);
      answers.add(one);
      beside.add(one.perSecond());
      p99.add(one.micros(0.99));
    }
    collections = collections() - collections;
    millis = collectionMillis() - millis;
    over = true;
    changing.join();
    Answers last = answers.getLast();
    System.out.printf(
        "  beside %.0f changes a second (those alone took %.0f %% of a core): %.0f decisions a"
            + " second; p50 %.2f, p99 %.2f (%.2f to %.2f), p99.9 %.1f, longest %.0f µs%n",
        applied[0] * 1e9 / applied[1],
        100.0 * busyNanos / applied[1],
        median(beside),
        last.micros(0.5),
        median(p99),
        p99.stream().min(Double::compare).orElseThrow(),
        p99.stream().max(Double::compare).orElseThrow(),
        last.micros(0.999),
        answers.stream().mapToDouble(one -> one.micros(1)).max().orElseThrow());
    System.out.printf("  collections meanwhile: %d, %d ms%n", collections, millis);
    return new Figures(median(alone), median(beside), median(p99), bytes);
  }

  /** New chains come and the oldest of them go, at an even rate. */
  private void change(Writer writer, long[] applied) {
    SplittableRandom dice = new SplittableRandom(1);
    record Held(int holder, long[] hash) {}
    ArrayDeque<Held> held = new ArrayDeque<>();
    long began = System.nanoTime();
    long done = 0;
    busyNanos = 0;
    while (!over) {
      long due = (long) ((System.nanoTime() - began) * (changes / 1e9));
      long from = System.nanoTime();
      for (; done < due; done++) {
        if (held.size() < 50_000 || (done & 1) == 0) {
          Held one = new Held(dice.nextInt(holders), new long[] {dice.nextLong(), dice.nextLong()});
          writer.stored(one.holder, one.hash);
          held.add(one);
        } else {
          Held one = held.remove();
          writer.removed(one.holder, one.hash);
        }
      }
      writer.tick();
      busyNanos += System.nanoTime() - from;
      LockSupport.parkNanos(CALM_NANOS);
    }
    applied[0] = done;
    applied[1] = System.nanoTime() - began;
    held.forEach(one -> writer.removed(one.holder, one.hash));
  }

  /** What one round of questions took, each in nanoseconds, sorted. */
  private record Answers(int[] nanos, int count, long wholeNanos) {
    double perSecond() {
      return count * 1e9 / wholeNanos;
    }

    double micros(double part) {
      return nanos[(int) Math.min(count - 1, Math.round(part * count))] / 1e3;
    }
  }

  private Answers ask(ToIntFunction<long[]> decide) {
    int count = 0;
    long sum = 0;
    long began = System.nanoTime();
    long last = began;
    while (last - began < ROUND_NANOS && count < nanos.length) {
      sum += decide.applyAsInt(queries.get((int) ((count * 7919L) % QUERIES)));
      long now = System.nanoTime();
      nanos[count++] = (int) (now - last);
      last = now;
    }
    if (sum == 0) {
      throw new IllegalStateException("nothing was found");
    }
    int[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    return new Answers(sorted, count, last - began);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  private static long collectionMillis() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
        .sum();
  }

  private static long usedHeap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static long residentBytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("RssAnon"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .sum();
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    }
  }
}
