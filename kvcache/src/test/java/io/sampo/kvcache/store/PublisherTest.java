package io.sampo.kvcache.store;

import static io.sampo.kvcache.store.Texts.LAYOUT;
import static io.sampo.kvcache.store.Texts.TENANT;
import static io.sampo.kvcache.store.Texts.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvBlock;
import java.lang.foreign.MemorySegment;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PublisherTest {

  /** What an engine was asked for. */
  private record Asked(
      int first, List<MemorySegment> into, CompletableFuture<List<KvBlock>> answer) {}

  private final BlockStore store =
      BlockStore.open(
          StoreSettings.hostOnly(16L * LAYOUT.blockBytes()), new Heard(), InstantSource.system());
  private final Publisher publisher = new Publisher(store, 2);
  private final BlockingQueue<Asked> asked = new ArrayBlockingQueue<>(10);

  @AfterEach
  void close() {
    publisher.close();
    store.close();
  }

  private Publication publication(long[] text) {
    return new Publication(
        text,
        LAYOUT,
        TENANT,
        1,
        (first, into) -> {
          Asked one = new Asked(first, into, new CompletableFuture<>());
          asked.add(one);
          return one.answer();
        });
  }

  private Asked next() throws InterruptedException {
    Asked next = asked.poll(5, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("the engine was not asked");
    }
    return next;
  }

  private static void answer(Asked one, long[] text, int blocks) {
    List<KvBlock> filled = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      int block = one.first() + i;
      filled.add(Texts.fill(one.into().get(i), LAYOUT, BlockHash.at(text, block), block));
    }
    one.answer().complete(filled);
  }

  private static void await(BooleanSupplier holds) throws InterruptedException {
    long deadline = System.nanoTime() + 5_000_000_000L;
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  @Test
  void publishesWhatTheStoreLacks() throws InterruptedException {
    long[] text = text(6, 1);
    Texts.put(store, text(2, 1));
    assertThat(publisher.offer(publication(text))).isTrue();
    Asked one = next();
    assertThat(one.first()).isEqualTo(2);
    assertThat(one.into()).hasSize(4);
    answer(one, text, 4);
    await(() -> publisher.stats().blocks() == 4);
    assertThat(Texts.borrowed(store, text)).isEqualTo(6);
  }

  @Test
  void publishesAsMuchAsTheEngineStillHolds() throws InterruptedException {
    long[] text = text(6, 1);
    publisher.offer(publication(text));
    answer(next(), text, 3);
    await(() -> publisher.stats().blocks() == 3);
    publisher.offer(publication(text));
    assertThat(next().first()).isEqualTo(3);
  }

  @Test
  void dropsWhatIsTooMuchToWait() throws InterruptedException {
    publisher.offer(publication(text(2, 1)));
    next();
    assertThat(publisher.offer(publication(text(2, 2)))).isTrue();
    assertThat(publisher.offer(publication(text(2, 3)))).isTrue();
    assertThat(publisher.offer(publication(text(2, 4)))).isFalse();
    assertThat(publisher.stats().dropped()).isEqualTo(1);
  }

  @Test
  void goesOnAfterAnEngineThatFailed() throws InterruptedException {
    publisher.offer(publication(text(2, 1)));
    next().answer().completeExceptionally(new IllegalStateException("broken"));
    publisher.offer(
        new Publication(
            text(2, 2),
            LAYOUT,
            TENANT,
            1,
            (_, _) -> {
              throw new IllegalStateException("broken at once");
            }));
    publisher.offer(publication(text(2, 3)));
    answer(next(), text(2, 3), 2);
    await(() -> publisher.stats().blocks() == 2);
    assertThat(publisher.stats().failed()).isEqualTo(2);
    assertThat(store.stats().host().bytes()).isEqualTo(2L * LAYOUT.blockBytes());
  }

  @Test
  void doesNotReuseMemoryThatAnEngineMayStillWriteTo() throws InterruptedException {
    publisher.offer(publication(text(16, 1)));
    Asked slow = next();
    publisher.close();
    assertThat(Texts.put(store, text(16, 2))).isZero();
    slow.answer().cancel(false);
    assertThat(Texts.put(store, text(16, 2))).isEqualTo(16);
  }
}
