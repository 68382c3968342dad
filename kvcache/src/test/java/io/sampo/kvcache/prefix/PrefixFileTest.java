package io.sampo.kvcache.prefix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import io.sampo.kvcache.prefix.PrefixFileException.Rule;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrefixFileTest {

  private static final KvLayout LAYOUT = layout("engine 1", KvFormat.F16, 8);
  private static final int VOCABULARY = 1000;

  @TempDir Path folder;

  private static KvLayout layout(String engine, KvFormat keys, int tokens) {
    return new KvLayout(
        ModelFingerprint.of(engine, List.of("weights")),
        keys,
        KvFormat.F16,
        List.of(34, 68),
        List.of(8, 24),
        tokens);
  }

  private static List<KvBlock> blocks(int count, int fill) {
    List<KvBlock> blocks = new ArrayList<>();
    for (int block = 0; block < count; block++) {
      MemorySegment memory = memory().fill((byte) (fill + block));
      blocks.add(KvBlock.seal(memory, LAYOUT, block * LAYOUT.blockTokens()));
    }
    return blocks;
  }

  private static MemorySegment memory() {
    return Arena.ofAuto().allocate(LAYOUT.blockBytes());
  }

  private static int[] tokens(int count, int from) {
    return IntStream.range(from, from + count).toArray();
  }

  private Path file() {
    return folder.resolve("prompts.kv");
  }

  /** Two prefixes of three and four blocks, of which two are shared. */
  private byte[] written() throws IOException {
    try (PrefixWriter writer = new PrefixWriter(file(), LAYOUT)) {
      writer.add(tokens(30, 0), blocks(3, 1));
      int[] other = tokens(32, 0);
      Arrays.fill(other, 20, 32, 7);
      writer.add(other, blocks(4, 1));
      writer.finish();
    }
    return Files.readAllBytes(file());
  }

  private PrefixReader reader() throws IOException {
    return new PrefixReader(file(), LAYOUT, VOCABULARY);
  }

  private int readAll() throws IOException {
    int blocks = 0;
    try (PrefixReader reader = reader()) {
      for (Prefix one = reader.next(); one != null; one = reader.next()) {
        for (int block = one.firstBlock(); block < one.blocks(); block++) {
          reader.block(memory());
          blocks++;
        }
      }
    }
    return blocks;
  }

  @Test
  void readsWhatWasWrittenAndSharedBlocksOnce() throws IOException {
    byte[] bytes = written();
    assertThat(bytes.length)
        .isEqualTo(32 + LAYOUT.toBytes().length + 2 * 12 + 4 * (24 + 32) + 5 * LAYOUT.blockBytes());
    try (PrefixReader reader = reader()) {
      assertThat(reader.prefixes()).isEqualTo(2);
      Prefix first = reader.next();
      assertThat(first).extracting(Prefix::firstBlock, Prefix::blocks).containsExactly(0, 3);
      assertThat(reader.block(memory()).bytes().mismatch(blocks(1, 1).get(0).bytes()))
          .isEqualTo(-1);
      // The other blocks are skipped.
      Prefix second = reader.next();
      assertThat(second).extracting(Prefix::firstBlock, Prefix::blocks).containsExactly(2, 4);
      assertThat(second == null ? -1 : second.tokens()[31]).isEqualTo(7);
      assertThat(reader.block(memory()).firstPosition()).isEqualTo(16);
      assertThat(reader.block(memory()).firstPosition()).isEqualTo(24);
      assertThatThrownBy(() -> reader.block(memory())).isInstanceOf(IllegalStateException.class);
      assertThat(reader.next()).isNull();
    }
    assertThat(readAll()).isEqualTo(5);
  }

  @Test
  void hasTheSameFormInEveryRelease() throws IOException {
    byte[] bytes = written();
    int layout = LAYOUT.toBytes().length;
    HexFormat hex = HexFormat.of();
    assertThat(hex.formatHex(bytes, 0, 12)).isEqualTo("53414d504f4b5650" + "01000000");
    assertThat(hex.formatHex(bytes, 16, 32 + layout))
        .isEqualTo(
            hex.formatHex(littleEndian(bytes.length))
                + "02000000"
                + hex.toHexDigits(Integer.reverseBytes(layout))
                + LAYOUT.model()
                + "01000000010000000800000002000000"
                + "22000000440000000800000018000000");
  }

  private static byte[] littleEndian(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  @Test
  void leavesTheOldFileUntilTheNewOneIsFinished() throws IOException {
    byte[] old = written();
    try (PrefixWriter writer = new PrefixWriter(file(), LAYOUT)) {
      writer.add(tokens(8, 3), blocks(1, 9));
    }
    assertThat(Files.readAllBytes(file())).isEqualTo(old);
    try (var paths = Files.list(folder)) {
      assertThat(paths).hasSize(1);
    }
  }

  @Test
  void refusesWhatIsNoPrefix() throws IOException {
    try (PrefixWriter writer = new PrefixWriter(file(), LAYOUT)) {
      assertThatIllegalArgumentException().isThrownBy(() -> writer.add(tokens(7, 0), blocks(1, 1)));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.add(tokens(16, 0), blocks(1, 1)));
      List<KvBlock> reordered = blocks(2, 1).reversed();
      assertThatIllegalArgumentException().isThrownBy(() -> writer.add(tokens(16, 0), reordered));
    }
  }

  @Test
  void refusesFilesMadeWithOtherSettings() throws IOException {
    written();
    refused(layout("engine 2", KvFormat.F16, 8), Rule.MODEL, "export it again");
    refused(layout("engine 1", KvFormat.Q8_0, 8), Rule.FORMAT, "F16 and F16, and Q8_0 and F16");
    refused(layout("engine 1", KvFormat.F16, 16), Rule.SHAPE, "8 tokens, and 16 are wanted");
    assertThatThrownBy(
            () -> {
              try (PrefixReader reader = new PrefixReader(file(), LAYOUT, 20)) {
                reader.next();
              }
            })
        .isInstanceOfSatisfying(
            PrefixFileException.class, no -> assertThat(no.rule()).isEqualTo(Rule.TOKENS))
        .hasMessageContaining("20 is none of the model's 20 tokens");
  }

  private void refused(KvLayout wanted, Rule rule, String words) {
    assertThatThrownBy(() -> new PrefixReader(file(), wanted, VOCABULARY).close())
        .isInstanceOfSatisfying(
            PrefixFileException.class, no -> assertThat(no.rule()).isEqualTo(rule))
        .hasMessageContaining(words);
  }

  @Test
  void refusesEveryChangedByte() throws IOException {
    byte[] good = written();
    for (int at = 0; at < good.length; at++) {
      byte[] changed = good.clone();
      changed[at] ^= 0x40;
      Files.write(file(), changed);
      assertThatThrownBy(this::readAll).as("byte %d", at).isInstanceOf(PrefixFileException.class);
    }
  }

  @Test
  void refusesFilesThatAreCut() throws IOException {
    byte[] good = written();
    for (int length = 0; length < good.length; length += 37) {
      Files.write(file(), Arrays.copyOf(good, length));
      assertThatThrownBy(this::readAll)
          .as("%d bytes", length)
          .isInstanceOf(PrefixFileException.class);
    }
    Files.write(file(), Arrays.copyOf(good, good.length + 1));
    assertThatThrownBy(this::readAll).isInstanceOf(PrefixFileException.class);
  }

  @Test
  void believesNoNumberOfAFileThatIsWholeButLies() throws IOException {
    byte[] good = written();
    int at = 32 + LAYOUT.toBytes().length;
    lies(good, at, at + 4, Integer.MAX_VALUE, Rule.LIMIT);
    lies(good, at, at + 4, -8, Rule.LIMIT);
    lies(good, at, at + 4, PrefixFile.MAX_TOKENS, Rule.SIZE);
    lies(good, at, at + 8, 1, Rule.LIMIT);
    lies(good, at, at + 8, -1, Rule.LIMIT);
  }

  private void lies(byte[] good, int prefix, int at, int value, Rule rule) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(good.clone()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(at, value).limit(prefix + 12 + 24 * 4);
    ByteBuffer head = bytes.slice(prefix, bytes.limit() - prefix);
    bytes.putInt(prefix, PrefixFile.checksum(head, 4));
    Files.write(file(), bytes.array());
    assertThatThrownBy(this::readAll)
        .isInstanceOfSatisfying(
            PrefixFileException.class, no -> assertThat(no.rule()).isEqualTo(rule));
  }
}
