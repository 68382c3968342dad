package io.sampo.kvcache.block;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BlockChainTest {

  private static final byte[] SALT = "salt".getBytes(UTF_8);
  private static final byte[] MODEL = "model".getBytes(UTF_8);
  private final BlockChain chain = new BlockChain(SALT, MODEL, 32);

  @Test
  void givesTheSameHashesOnEveryMachine() {
    // Computed apart from this code, by a BLAKE3 written from its paper.
    long[] hashes = chain.hashes(ids(64));
    assertThat(BlockHash.at(hashes, 0)).hasToString("d67cdbff0f0071fb38f78af157cf0a64");
    assertThat(BlockHash.at(hashes, 1)).hasToString("cc1af80855ae4cc3ff2495990143cbd0");
  }

  @Test
  void givesAnUnfinishedBlockNoHash() {
    assertThat(chain.hashes()).isEmpty();
    assertThat(chain.hashes(ids(31))).isEmpty();
    assertThat(chain.hashes(ids(63))).hasSize(BlockHash.LONGS);
    assertThat(BlockHash.count(chain.hashes(ids(64)))).isEqualTo(2);
  }

  @Test
  void givesAPrefixAPrefixOfTheHashes() {
    long[] whole = chain.hashes(ids(256));
    assertThat(chain.hashes(ids(100))).isEqualTo(Arrays.copyOf(whole, 3 * BlockHash.LONGS));
  }

  @Test
  void goesOnFromKnownHashes() {
    long[] known = chain.hashes(ids(70));
    assertThat(chain.hashes(ids(300), 256, known)).isEqualTo(chain.hashes(ids(256)));
  }

  @Test
  void changesEveryHashFromAChangedTokenOn() {
    int[] changed = ids(128);
    changed[40]++;
    long[] hashes = chain.hashes(ids(128));
    long[] others = chain.hashes(changed);
    assertThat(BlockHash.at(others, 0)).isEqualTo(BlockHash.at(hashes, 0));
    for (int block = 1; block < 4; block++) {
      assertThat(BlockHash.at(others, block)).isNotEqualTo(BlockHash.at(hashes, block));
    }
  }

  @Test
  void separatesTenantsModelsAndBlockSizes() {
    long[] hashes = chain.hashes(ids(64));
    byte[] empty = {};
    assertThat(new BlockChain(MODEL, MODEL, 32).hashes(ids(64))).isNotEqualTo(hashes);
    assertThat(new BlockChain(SALT, SALT, 32).hashes(ids(64))).isNotEqualTo(hashes);
    assertThat(new BlockChain(SALT, MODEL, 16).hashes(ids(32))).isNotEqualTo(hashes);
    assertThat(new BlockChain(SALT, empty, 32).hashes(ids(64)))
        .isNotEqualTo(new BlockChain(empty, SALT, 32).hashes(ids(64)));
  }

  @Test
  void refusesBlockSizesAndKnownHashesThatDoNotFit() {
    assertThatThrownBy(() -> new BlockChain(SALT, MODEL, 48)).hasMessageContaining("power of two");
    assertThatThrownBy(() -> chain.hashes(ids(64), 32, chain.hashes(ids(64))))
        .hasMessageContaining("2 known blocks of 1");
  }

  private static int[] ids(int count) {
    return IntStream.range(0, count).map(i -> i * 7919 % 128_256).toArray();
  }
}
