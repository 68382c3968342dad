package io.sampo.kvcache.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BlockNamesTest {

  private static final int[] TEXT = IntStream.range(0, 64).toArray();
  private static final byte[] SALT = new byte[32];

  @Test
  void allNodesOfAClusterGiveABlockTheSameName() {
    assertThat(names(SALT, KvFormat.F16).chain("", null).hashes(TEXT))
        .isEqualTo(names(SALT.clone(), KvFormat.F16).chain("", null).hashes(TEXT));
  }

  @Test
  void anotherTenantNumberFormatScopeOrAdapterGivesItAnother() {
    BlockNames names = names(SALT, KvFormat.F16);
    byte[] other = {1};
    List<BlockHash> first =
        Stream.of(
                names.chain("", null),
                names.chain("scope", null),
                names.chain("", "adapter"),
                names.chain("scope", "adapter"),
                names.chain("", "scope"),
                names(Arrays.copyOf(other, 32), KvFormat.F16).chain("", null),
                names(SALT, KvFormat.Q8_0).chain("", null))
            .map(chain -> BlockHash.at(chain.hashes(TEXT), 1))
            .toList();

    assertThat(Set.copyOf(first)).hasSameSizeAs(first);
  }

  private static BlockNames names(byte[] salt, KvFormat format) {
    ModelFingerprint model = ModelFingerprint.of("engine", List.of());
    return new BlockNames(salt, new KvLayout(model, format, format, List.of(68), List.of(68), 32));
  }
}
