package io.sampo.kvcache.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.kvcache.block.KvBlockRejectedException.Rule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KvBlockTest {

  private static final ModelFingerprint MODEL = ModelFingerprint.of("engine 1", List.of("weights"));
  private static final KvLayout LAYOUT = layout(MODEL, KvFormat.F16, List.of(16, 32), 8);

  private static KvLayout layout(
      ModelFingerprint model, KvFormat keys, List<Integer> keyRows, int tokens) {
    return new KvLayout(model, keys, KvFormat.F16, keyRows, List.of(8, 24), tokens);
  }

  private static MemorySegment bytes(KvLayout layout, long seed) {
    MemorySegment bytes = Arena.ofAuto().allocate(layout.blockBytes());
    Random random = new Random(seed);
    for (long at = layout.headerBytes(); at < bytes.byteSize(); at++) {
      bytes.set(JAVA_BYTE, at, (byte) random.nextInt());
    }
    return bytes;
  }

  private static KvBlock block(KvLayout layout, int position) {
    return KvBlock.seal(bytes(layout, position), layout, position);
  }

  private static MemorySegment copy(MemorySegment bytes) {
    return Arena.ofAuto().allocate(bytes.byteSize()).copyFrom(bytes);
  }

  private static void rejects(MemorySegment bytes, KvLayout wanted, Rule rule) {
    assertThatThrownBy(() -> KvBlock.open(bytes, wanted))
        .isInstanceOfSatisfying(
            KvBlockRejectedException.class, refused -> assertThat(refused.rule()).isEqualTo(rule));
  }

  @Test
  void opensWhatWasSealed() {
    KvBlock sealed = block(LAYOUT, 24);
    KvBlock opened = KvBlock.open(copy(sealed.bytes()), LAYOUT);
    assertThat(opened.firstPosition()).isEqualTo(24);
    assertThat(opened.layout()).isEqualTo(LAYOUT);
    assertThat(opened.bytes().mismatch(sealed.bytes())).isEqualTo(-1);
  }

  @Test
  void hasTheSameBytesInEveryRelease() {
    MemorySegment bytes = Arena.ofAuto().allocate(LAYOUT.blockBytes());
    byte[] header = new byte[128];
    MemorySegment.copy(KvBlock.seal(bytes, LAYOUT, 16).bytes(), JAVA_BYTE, 0, header, 0, 128);
    assertThat(LAYOUT.headerBytes()).isEqualTo(128);
    assertThat(LAYOUT.blockBytes()).isEqualTo(128 + 8 * (16 + 32 + 8 + 24));
    assertThat(HexFormat.of().formatHex(header))
        .isEqualTo(
            "53414d504f4b5642" // magic
                + "01000000" // version
                + "b3f368d2" // checksum, computed apart from this code
                + "0c46d0b175911c3300a1cb1fcaf9cacfaf3b0b5d6d14c54da1e3341acd59b04d"
                + "1000000000000000" // first position
                + "0003000000000000" // bytes
                + "08000000" // tokens
                + "02000000" // layers
                + "0100000001000000" // formats
                + "10000000200000000800000018000000" // rows
                + "00".repeat(32));
  }

  @Test
  void rejectsEveryChangedByte() {
    MemorySegment good = block(LAYOUT, 8).bytes();
    for (long at = 0; at < good.byteSize(); at++) {
      MemorySegment changed = copy(good);
      changed.set(JAVA_BYTE, at, (byte) (changed.get(JAVA_BYTE, at) ^ 0x40));
      assertThatThrownBy(() -> KvBlock.open(changed, LAYOUT))
          .isInstanceOf(KvBlockRejectedException.class);
    }
  }

  @Test
  void namesTheRuleThatIsBroken() {
    MemorySegment good = block(LAYOUT, 8).bytes();
    rejects(good.asSlice(0, 0), LAYOUT, Rule.SIZE);
    rejects(good.asSlice(0, good.byteSize() - 1), LAYOUT, Rule.SIZE);
    rejects(with(good, 0, 'X'), LAYOUT, Rule.MAGIC);
    rejects(with(good, 8, 2), LAYOUT, Rule.VERSION);
    rejects(with(good, 12, good.get(JAVA_BYTE, 12) + 1), LAYOUT, Rule.CHECKSUM);
    rejects(with(good, 48, 9), LAYOUT, Rule.POSITION);
    rejects(with(good, 51, 0x80), LAYOUT, Rule.POSITION);
    rejects(with(good, 55, 0x80), LAYOUT, Rule.POSITION);
    rejects(with(good, 63, 0x7f), LAYOUT, Rule.SIZE);
    rejects(with(good, 64, 16), LAYOUT, Rule.SHAPE);
    rejects(with(good, 71, 0x7f), LAYOUT, Rule.SHAPE);
    rejects(with(good, 72, 8), LAYOUT, Rule.FORMAT);
    rejects(with(good, 83, 0x7f), LAYOUT, Rule.SHAPE);
    rejects(with(good, good.byteSize() - 1, 1), LAYOUT, Rule.CHECKSUM);
  }

  private static MemorySegment with(MemorySegment good, long at, int value) {
    MemorySegment changed = copy(good);
    byte other = (byte) (value == good.get(JAVA_BYTE, at) ? value + 1 : value);
    changed.set(JAVA_BYTE, at, other);
    return changed;
  }

  @Test
  void rejectsBlocksOfOtherLayouts() {
    MemorySegment good = block(LAYOUT, 8).bytes();
    ModelFingerprint adapted = ModelFingerprint.of("engine 1", List.of("weights", "adapter"));
    rejects(good, layout(adapted, KvFormat.F16, List.of(16, 32), 8), Rule.MODEL);
    rejects(good, layout(MODEL, KvFormat.F16, List.of(32, 16), 8), Rule.SHAPE);
    rejects(good, layout(MODEL, KvFormat.F16, List.of(16, 32), 16), Rule.SIZE);
    KvLayout quantized = layout(MODEL, KvFormat.Q8_0, List.of(34, 34), 8);
    KvLayout half = layout(MODEL, KvFormat.F16, List.of(34, 34), 8);
    rejects(block(half, 8).bytes(), quantized, Rule.FORMAT);
  }

  @Test
  void refusesMemoryOfTheJavaHeap() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KvBlock.open(MemorySegment.ofArray(new byte[768]), LAYOUT))
        .withMessageContaining("outside the Java heap");
  }

  @Test
  void joinsOnlyBlocksThatFollowEachOther() {
    KvChain chain = new KvChain(List.of(block(LAYOUT, 8), block(LAYOUT, 16)));
    assertThat(chain.firstPosition()).isEqualTo(8);
    assertThat(chain.endPosition()).isEqualTo(24);
    assertThatThrownBy(() -> new KvChain(List.of(block(LAYOUT, 8), block(LAYOUT, 24))))
        .isInstanceOf(KvBlockRejectedException.class)
        .hasMessageContaining("24 does not join one that ends at 16");
    assertThatThrownBy(() -> new KvChain(List.of(block(LAYOUT, 8), block(LAYOUT, 8))))
        .isInstanceOf(KvBlockRejectedException.class);
    KvLayout other = layout(MODEL, KvFormat.F16, List.of(32, 16), 8);
    assertThatThrownBy(() -> new KvChain(List.of(block(LAYOUT, 8), block(other, 16))))
        .isInstanceOf(KvBlockRejectedException.class);
  }

  @Test
  void refusesLayoutsBeyondItsLimits() {
    refuses(List.of(16, 0), 8);
    refuses(List.of(16, 17, 3), 8);
    refuses(List.of(16, KvLayout.MAX_ROW_BYTES + 2), 8);
    refuses(List.of(16, 32), 24);
    refuses(List.of(16, 17), 8);
    List<Integer> many = Collections.nCopies(1024, KvLayout.MAX_ROW_BYTES);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new KvLayout(MODEL, KvFormat.F16, KvFormat.F16, many, many, 1024))
        .withMessageContaining("at most");
  }

  @Test
  void readsTheLayoutThatItWrote() {
    byte[] bytes = LAYOUT.toBytes();
    assertThat(KvLayout.read(ByteBuffer.wrap(bytes))).isEqualTo(LAYOUT);
    for (int length = 0; length < bytes.length; length++) {
      ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length);
      assertThatIllegalArgumentException().isThrownBy(() -> KvLayout.read(cut));
    }
    for (int field = 32; field < 48; field += 4) {
      byte[] wrong = bytes.clone();
      wrong[field + 3] = 0x7f;
      assertThatIllegalArgumentException().isThrownBy(() -> KvLayout.read(ByteBuffer.wrap(wrong)));
    }
  }

  private static void refuses(List<Integer> keyRows, int tokens) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> layout(MODEL, KvFormat.F16, keyRows, tokens));
  }

  @Test
  void separatesModelsEnginesAndAdapters() {
    assertThat(ModelFingerprint.of("engine 1", List.of("weights"))).isEqualTo(MODEL);
    assertThat(ModelFingerprint.of("engine 2", List.of("weights"))).isNotEqualTo(MODEL);
    assertThat(ModelFingerprint.of("engine 1", List.of("weight", "s"))).isNotEqualTo(MODEL);
    assertThat(ModelFingerprint.of("engine 1w", List.of("eights"))).isNotEqualTo(MODEL);
  }
}
