package io.sampo.kvcache.restore;

import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvBlockRejectedException;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.restore.Plan.Leg;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Brings the KV of one text into an engine as planned, a part at a time: while the engine takes one
 * in, the next one is got. Runs on a thread that may wait, a virtual one at best.
 *
 * <p>It is ready, and its sequence can be given to the engine, as soon as the engine has been asked
 * to take in the last part; when the time of the plan is over; when anything failed; or when
 * whoever waits gives up. What was lent to the engine stays lent until the engine has answered,
 * whatever became of the sequence.
 */
public final class Restoration implements Runnable {

  /** So many bytes are got at a time, or one block where that is more. */
  private static final int PART_BYTES = 16 << 20;

  /** An engine that has not answered by then is not learnt from. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** What the engine held at some moment. */
  private record Held(int blocks, long nanos) {}

  /** What the engine was asked last for a leg; null where nothing of it came. */
  private record Asked(Leg leg, @Nullable CompletableFuture<Held> last) {}

  private final Plan plan;
  private final Need need;
  private final KvLayout layout;
  private final Target target;
  private final Function<Source, Supply> supplies;
  private final BreakEven breakEven;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final long created = System.nanoTime();

  private final List<Asked> asked = new ArrayList<>();
  private @Nullable CompletableFuture<Held> heldBefore;
  private long firstAsked;
  private @Nullable CompletableFuture<Held> before;
  private @Nullable CompletableFuture<Held> last;

  /**
   * @param plan not empty
   * @param supplies of the plan's sources
   * @param breakEven made the plan, and hears what came of it
   */
  public Restoration(
      Plan plan,
      Need need,
      KvLayout layout,
      Target target,
      Function<Source, Supply> supplies,
      BreakEven breakEven) {
    this.plan = plan;
    this.need = need;
    this.layout = layout;
    this.target = target;
    this.supplies = supplies;
    this.breakEven = breakEven;
  }

  /** When the sequence can go on; never a failure. Who cancels it ends the work soon. */
  public CompletableFuture<Void> ready() {
    return ready;
  }

  @Override
  public void run() {
    ready.completeOnTimeout(null, plan.limit().toNanos(), TimeUnit.NANOSECONDS);
    try {
      for (Leg leg : plan.legs()) {
        if (!bring(leg)) {
          break;
        }
      }
    } catch (InterruptedException | ExecutionException | TimeoutException noMore) {
      // What has come counts; the rest is computed.
    } finally {
      ready.complete(null);
    }
    learn();
  }

  private long leftNanos() {
    return plan.limit().toNanos() - (System.nanoTime() - created);
  }

  private boolean over() {
    return ready.isDone() || leftNanos() <= 0;
  }

  /** Brings a leg; false when nothing after it can be brought any more. */
  private boolean bring(Leg leg) throws InterruptedException, ExecutionException, TimeoutException {
    // What only costs a copy need not wait for the engine to say that it is not wanted.
    int next = leg.source().equals(Source.HOST) ? leg.first() : Math.max(leg.first(), awaitHeld());
    Supply supply = supplies.apply(leg.source());
    CompletableFuture<Held> lastOfLeg = null;
    boolean gives = true;
    try {
      while (gives && next < leg.end() && !over()) {
        List<BorrowedBlock> part = supply.take(next, partOf(leg, next), nanos(leftNanos()));
        gives = part.size() == partOf(leg, next) && fits(part, next);
        if (part.isEmpty() || !fits(part, next)) {
          part.forEach(BorrowedBlock::close);
        } else {
          lastOfLeg = give(part);
          next += part.size();
          awaitTurn();
        }
      }
    } finally {
      asked.add(new Asked(leg, lastOfLeg));
    }
    return gives && next >= leg.end();
  }

  private int partOf(Leg leg, int first) {
    return Math.min(leg.end() - first, Math.max(1, PART_BYTES / layout.blockBytes()));
  }

  private static Duration nanos(long nanos) {
    return Duration.ofNanos(Math.max(0, nanos));
  }

  private boolean fits(List<BorrowedBlock> part, int first) {
    for (int i = 0; i < part.size(); i++) {
      KvBlock block = part.get(i).block();
      if (block.firstPosition() != (first + i) * layout.blockTokens()
          || !block.layout().equals(layout)) {
        return false;
      }
    }
    return true;
  }

  private int awaitHeld() throws InterruptedException, ExecutionException, TimeoutException {
    return held().get(Math.max(0, leftNanos()), TimeUnit.NANOSECONDS).blocks();
  }

  private CompletableFuture<Held> held() {
    CompletableFuture<Held> answer = heldBefore;
    if (answer == null) {
      firstAsked = System.nanoTime();
      answer = noted(target.held());
      heldBefore = answer;
    }
    return answer;
  }

  private CompletableFuture<Held> noted(CompletableFuture<Integer> tokens) {
    return tokens.thenApply(held -> new Held(held / layout.blockTokens(), System.nanoTime()));
  }

  private CompletableFuture<Held> give(List<BorrowedBlock> part) {
    CompletableFuture<Held> _ = held();
    CompletableFuture<Integer> answer = answer(part);
    CompletableFuture<?> _ = answer.whenComplete((_, _) -> part.forEach(BorrowedBlock::close));
    CompletableFuture<Held> given = noted(answer);
    before = last;
    last = given;
    return given;
  }

  private CompletableFuture<Integer> answer(List<BorrowedBlock> part) {
    try {
      return target.take(new KvChain(part.stream().map(BorrowedBlock::block).toList()));
    } catch (KvBlockRejectedException | IllegalStateException doubt) {
      return CompletableFuture.failedFuture(doubt);
    }
  }

  /** The engine is asked for one part while it takes in another, and for no more. */
  private void awaitTurn() throws InterruptedException, ExecutionException, TimeoutException {
    if (before != null) {
      before.get(Math.max(0, leftNanos()), TimeUnit.NANOSECONDS);
    }
  }

  /** Tells what came of it; the sequence does not wait for that. */
  private void learn() {
    if (ready.isCancelled()) {
      return;
    }
    Held first = join(heldBefore);
    int had = first == null ? 0 : first.blocks();
    // Until the engine has ended its step a sequence would have waited without restoring as well.
    long from = created + (first == null ? 0 : Math.max(0, first.nanos() - firstAsked));
    long until = from;
    int has = had;
    Set<Source> by = new LinkedHashSet<>();
    for (Asked one : asked) {
      if (one.leg().end() > had) {
        Held held = join(one.last());
        int now = held == null ? has : Math.max(has, Math.min(held.blocks(), one.leg().end()));
        long done = Math.max(until, held == null ? System.nanoTime() : held.nanos());
        long bytes = (now - has) * (long) layout.blockBytes();
        breakEven.brought(one.leg().source(), bytes, (done - until) / 1e6);
        by.add(one.leg().source());
        has = now;
        until = done;
      }
    }
    if (!by.isEmpty()) {
      breakEven.settle(need, has - had, (until - from) / 1e6, by);
    }
  }

  private static @Nullable Held join(@Nullable CompletableFuture<Held> answer) {
    try {
      return answer == null ? null : answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException nothing) {
      return null;
    }
  }
}
