package io.sampo.engines.modelstore.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {

  @TempDir Path folder;

  @Test
  void readsBackWhatTheWriterWrote() throws IOException {
    Path path = folder.resolve("m.gguf");
    GgufWriter writer =
        new GgufWriter()
            .string("s", "große Wörter")
            .uint32("u", -1)
            .bool("b", true)
            .strings("ss", List.of("", "x"))
            .int32s("is", new int[] {-1, 2})
            .tensor(
                "t", GgmlType.F16, List.of(2L, 3L), out -> out.write(ByteBuffer.wrap(new byte[12])))
            .tensor(
                "v", GgmlType.I8, List.of(1L), out -> out.write(ByteBuffer.wrap(new byte[] {7})));
    writer.write(path);
    try (GgufFile file = GgufFile.open(path)) {
      assertThat(file.keys()).containsExactly("s", "u", "b", "ss", "is");
      assertThat(file.string("s")).contains("große Wörter");
      assertThat(file.integer("u")).hasValue(4_294_967_295L);
      assertThat(file.bool("b")).contains(true);
      assertThat(file.strings("ss")).contains(List.of("", "x"));
      assertThat(file.integers("is")).contains(new long[] {-1, 2});
      assertThat(file.string("u")).isEmpty();
      assertThat(file.arrayLength("s")).isEmpty();
      GgufTensor last = file.tensors().getLast();
      assertThat(file.data(last).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
      assertThat(file.tensors().getFirst().dimensions()).containsExactly(2L, 3L);
    }
    assertThat(Files.size(path)).isEqualTo(writer.fileBytes());
  }

  @Test
  void copiesValuesAsTheyAre() throws IOException {
    Path from = folder.resolve("from.gguf");
    Path to = folder.resolve("to.gguf");
    new GgufWriter().strings("list", List.of("a", "bc")).float32("f", 1.5f).write(from);
    try (GgufFile file = GgufFile.open(from)) {
      GgufWriter writer = new GgufWriter();
      file.keys().forEach(key -> writer.copy(key, file));
      writer.write(to);
    }
    assertThat(to).hasSameBinaryContentAs(from);
  }
}
