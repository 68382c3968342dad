package io.sampo.kvcache.store;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvLayout;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class BlockFileTest {

  private static final KvLayout LAYOUT = Texts.LAYOUT;
  private static final BlockFile FILE =
      new BlockFile(
          new BlockHash(0x0807060504030201L, 0x100f0e0d0c0b0a09L),
          new BlockHash(-1, -2),
          24,
          0x01020304,
          1.5,
          "default",
          LAYOUT);

  @Test
  void hasTheSameFormInEveryRelease() {
    byte[] head = FILE.head().array();
    assertThat(head).hasSize(512);
    HexFormat hex = HexFormat.of();
    assertThat(hex.formatHex(head, 0, 12)).isEqualTo("53414d504f4b5646" + "01000000");
    assertThat(hex.formatHex(head, 16, 72 + 7))
        .isEqualTo(
            "00020000" // bytes of the head
                + "07000000" // of the tenant's name
                + "0102030405060708090a0b0c0d0e0f10" // hash
                + "fffffffffffffffffeffffffffffffff" // the one before
                + "18000000" // position
                + "04030201" // checksum of the block
                + "000000000000f83f" // milliseconds
                + hex.formatHex("default".getBytes(US_ASCII)));
    assertThat(hex.formatHex(head, 79, 79 + LAYOUT.toBytes().length))
        .isEqualTo(hex.formatHex(LAYOUT.toBytes()));
  }

  @Test
  void isReadAsItWasWritten() {
    ByteBuffer head = FILE.head();
    assertThat(BlockFile.read(head, FILE.fileBytes())).isEqualTo(FILE);
    assertThat(BlockFile.read(head, FILE.fileBytes() - 1)).isNull();
    assertThat(BlockFile.read(head.slice(0, 71), FILE.fileBytes())).isNull();
    assertThat(BlockFile.read(head.slice(0, 511), FILE.fileBytes())).isNull();
  }
}
