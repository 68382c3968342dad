package io.sampo.kvcache.store;

import static io.sampo.kvcache.store.Texts.LAYOUT;
import static io.sampo.kvcache.store.Texts.TENANT;
import static io.sampo.kvcache.store.Texts.before;
import static io.sampo.kvcache.store.Texts.borrowed;
import static io.sampo.kvcache.store.Texts.fill;
import static io.sampo.kvcache.store.Texts.put;
import static io.sampo.kvcache.store.Texts.text;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockStoreTest {

  private static final int BLOCK = LAYOUT.blockBytes();
  private final Heard heard = new Heard();
  private Instant now = Instant.ofEpochSecond(1_000_000);
  private BlockStore store = host(16);

  private BlockStore host(int blocks) {
    return open(StoreSettings.hostOnly((long) blocks * BLOCK));
  }

  private BlockStore open(StoreSettings settings) {
    return BlockStore.open(settings, heard, () -> now);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void lendsWhatWasPut() {
    long[] text = text(5, 1);
    assertThat(put(store, text)).isEqualTo(5);
    assertThat(borrowed(store, text)).isEqualTo(5);
    assertThat(store.leading(text)).isEqualTo(new Leading(5, 0));
    assertThat(store.leading(text(7, 1)).blocks()).isEqualTo(5);
    assertThat(store.borrow(new BlockHash(1, 2))).isNull();
    assertThat(store.stats().host().hits()).isEqualTo(5);
    assertThat(store.stats().misses()).isEqualTo(1);
  }

  @Test
  void takesABlockOnceAndAfterTheOneBeforeIt() {
    long[] text = text(3, 1);
    BlockHash first = BlockHash.at(text, 0);
    BlockHash second = BlockHash.at(text, 1);
    assertThat(store.reserve(second, first, LAYOUT, TENANT, 1)).isNull();
    try (Reservation one = requireNonNull(store.reserve(first, null, LAYOUT, TENANT, 1));
        Reservation two = requireNonNull(store.reserve(second, first, LAYOUT, TENANT, 1))) {
      assertThat(store.reserve(first, null, LAYOUT, TENANT, 1)).isNull();
      assertThat(two.commit(fill(two.memory(), LAYOUT, second, 1))).isFalse();
      assertThat(one.commit(fill(one.memory(), LAYOUT, first, 0))).isTrue();
      assertThatThrownBy(one::memory).isInstanceOf(IllegalStateException.class);
    }
    assertThat(store.reserve(first, null, LAYOUT, TENANT, 1)).isNull();
    assertThat(store.stats().host().bytes()).isEqualTo(BLOCK);
  }

  @Test
  void takesNoBlockThatDoesNotJoin() {
    long[] text = text(2, 1);
    put(store, text(1, 1));
    BlockHash first = BlockHash.at(text, 0);
    BlockHash second = BlockHash.at(text, 1);
    Reservation wrongPlace = requireNonNull(store.reserve(second, first, LAYOUT, TENANT, 1));
    assertThat(wrongPlace.commit(fill(wrongPlace.memory(), LAYOUT, second, 3))).isFalse();
    Reservation other = requireNonNull(store.reserve(second, first, LAYOUT, "other", 1));
    assertThat(other.commit(fill(other.memory(), LAYOUT, second, 1))).isFalse();
    try (Reservation elsewhere = requireNonNull(store.reserve(second, first, LAYOUT, TENANT, 1))) {
      KvBlock stray = fill(Arena.ofAuto().allocate(BLOCK), LAYOUT, second, 1);
      assertThatIllegalArgumentException().isThrownBy(() -> elsewhere.commit(stray));
    }
    assertThat(store.stats().host().bytes()).isEqualTo(BLOCK);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.reserve(second, first, LAYOUT, "x".repeat(257), 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.reserve(second, first, LAYOUT, TENANT, Double.NaN));
  }

  @Test
  void evictsWhatWasNotUsedForLongestEndFirst() {
    put(store, text(8, 1));
    put(store, text(8, 2));
    borrowed(store, text(8, 1));
    put(store, text(3, 3));
    assertThat(store.leading(text(8, 1)).host()).isEqualTo(8);
    assertThat(store.leading(text(8, 2)).host()).isEqualTo(5);
    assertThat(store.leading(text(3, 3)).host()).isEqualTo(3);
  }

  @Test
  void keepsWhatCostsMore() {
    put(store, text(8, 1), LAYOUT, TENANT, 100);
    put(store, text(8, 2), LAYOUT, TENANT, 1);
    put(store, text(8, 3), LAYOUT, TENANT, 1);
    assertThat(store.leading(text(8, 1)).host()).isEqualTo(8);
    assertThat(store.leading(text(8, 2)).host()).isZero();
  }

  @Test
  void neverTakesTheMemoryOfALentBlock() {
    put(store, text(16, 1));
    BlockHash last = BlockHash.at(text(16, 1), 15);
    BorrowedBlock lent = requireNonNull(store.borrow(last));
    assertThat(put(store, text(16, 2))).isZero();
    assertThat(store.stats().refused()).isEqualTo(1);
    assertThat(Texts.isRight(lent.block(), last)).isTrue();
    lent.close();
    lent.close();
    assertThat(put(store, text(16, 2))).isEqualTo(16);
  }

  @Test
  void keepsTheBytesOfALentBlockWhenAllIsCleared() throws InterruptedException {
    put(store, text(16, 1));
    BlockHash last = BlockHash.at(text(16, 1), 15);
    BorrowedBlock lent = requireNonNull(store.borrow(last));
    store.clear();
    assertThat(store.leading(text(16, 1)).blocks()).isZero();
    assertThat(put(store, text(16, 2))).isEqualTo(15);
    assertThat(Texts.isRight(lent.block(), last)).isTrue();
    lent.close();
    assertThat(put(store, text(16, 2))).isEqualTo(16);
    assertThat(heard.agreesWith(store.snapshot())).isTrue();
  }

  @Test
  void evictsNothingThatIsPinned() {
    put(store, text(8, 1));
    assertThat(store.pin("system", text(8, 1), 0, Duration.ofHours(1))).isEqualTo(8);
    put(store, text(16, 2));
    assertThat(store.leading(text(8, 1)).host()).isEqualTo(8);
    assertThat(store.leading(text(16, 2)).host()).isEqualTo(8);
    now = now.plusSeconds(3600);
    put(store, text(16, 3));
    assertThat(store.leading(text(8, 1)).host()).isZero();
    assertThat(store.unpin("system")).isFalse();
  }

  @Test
  void letsPinsOfHigherPriorityTakeTheRoomOfOthers() {
    put(store, text(6, 1));
    put(store, text(6, 2));
    assertThat(store.pin("nothing", text(6, 9), 0, Duration.ofHours(1))).isZero();
    assertThat(store.pin("one", text(6, 1), 1, Duration.ofHours(1))).isEqualTo(6);
    assertThat(store.pin("two", text(6, 2), 1, Duration.ofHours(1))).isZero();
    assertThat(store.pin("two", text(6, 2), 2, Duration.ofHours(1))).isEqualTo(6);
    assertThat(store.stats().pins()).isEqualTo(1);
    assertThat(store.unpin("two")).isTrue();
  }

  @Test
  void givesNoTenantMoreThanItsShare() {
    store.close();
    store = open(new StoreSettings(16L * BLOCK, null, 0, 1, 0.5, 0.5));
    put(store, text(4, 1), LAYOUT, "a", 1);
    put(store, text(8, 2), LAYOUT, "b", 1);
    put(store, text(6, 3), LAYOUT, "b", 1);
    assertThat(store.leading(text(4, 1)).host()).isEqualTo(4);
    assertThat(store.leading(text(8, 2)).host()).isEqualTo(2);
    assertThat(store.leading(text(6, 3)).host()).isEqualTo(6);
  }

  @Test
  void movesBlocksTogetherForAnotherModel() {
    store.close();
    store = host(16 * 6);
    KvLayout larger = Texts.layout("larger", 3 * 32);
    for (int name = 0; name < 12; name++) {
      put(store, text(8, name));
    }
    BlockHash held = BlockHash.at(text(8, 11), 0);
    BorrowedBlock lent = requireNonNull(store.borrow(held));
    assertThat(put(store, text(20, 99), larger, TENANT, 1)).isEqualTo(20);
    assertThat(Texts.isRight(lent.block(), held)).isTrue();
    lent.close();
    assertThat(borrowed(store, text(20, 99))).isEqualTo(20);
    for (int name = 0; name < 12; name++) {
      int left = store.leading(text(8, name)).host();
      assertThat(borrowed(store, text(8, name))).isEqualTo(left);
    }
    assertThat(store.leading(text(8, 11)).host()).isEqualTo(8);
  }

  @Test
  void saysOnceThatABlockIsTooLarge() throws InterruptedException {
    KvLayout large = Texts.layout("large", 2048);
    assertThat(put(store, text(2, 1), large, TENANT, 1)).isZero();
    assertThat(put(store, text(2, 2), large, TENANT, 1)).isZero();
    put(store, text(1, 3));
    assertThat(heard.agreesWith(store.snapshot())).isTrue();
    assertThat(heard.troubles).hasSize(1).first().asString().contains("may have up to");
  }

  @Test
  void tellsWhatComesAndGoes() throws InterruptedException {
    put(store, text(8, 1));
    assertThat(heard.agreesWith(store.snapshot())).isTrue();
    for (int name = 2; name < 20; name++) {
      put(store, text(8, name));
    }
    assertThat(heard.agreesWith(store.snapshot())).isTrue();
    store.clear();
    put(store, text(2, 1));
    assertThat(heard.agreesWith(store.snapshot())).isTrue();
  }

  @Test
  void givesNothingAfterItsEnd() {
    put(store, text(2, 1));
    Reservation late =
        requireNonNull(
            store.reserve(BlockHash.at(text(3, 1), 2), before(text(3, 1), 2), LAYOUT, TENANT, 1));
    KvBlock block = requireNonNull(store.borrow(BlockHash.at(text(2, 1), 0))).block();
    store.close();
    assertThat(store.borrow(BlockHash.at(text(2, 1), 0))).isNull();
    assertThat(put(store, text(2, 2))).isZero();
    assertThatThrownBy(() -> block.bytes().get(JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
    late.close();
  }
}
