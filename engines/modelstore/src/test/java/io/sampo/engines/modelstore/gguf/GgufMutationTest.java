package io.sampo.engines.modelstore.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damages a good file in seeded ways and validates what comes out. {@code
 * -Dsampo.gguf.mutants=1000000} runs more of them.
 */
class GgufMutationTest {

  private static final long SEED = 20_261_120;
  private static final int MUTANTS = Integer.getInteger("sampo.gguf.mutants", 3_000);
  private static final long[] HOSTILE = {
    0,
    1,
    -1,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    1L << 32,
    (1L << 32) - 1,
    1L << 61,
    0x7fff_ffffL,
    31,
    255
  };

  @TempDir Path folder;

  @Test
  void anyDamageGivesAModelOrARejection() throws IOException {
    byte[] good = goodFile();
    Path file = folder.resolve("mutant.gguf");
    long before = usedHeap();
    int rejected = 0;
    for (int i = 0; i < MUTANTS; i++) {
      Files.write(file, mutant(good, new Random(SEED + i)));
      rejected += rejects(file, i) ? 1 : 0;
    }
    assertThat(rejected).isGreaterThan(MUTANTS / 10);
    assertThat(usedHeap() - before).isLessThan(64L << 20);
  }

  private static boolean rejects(Path file, int mutant) throws IOException {
    try {
      GgufValidator.validate(file);
      return false;
    } catch (GgufRejectedException expected) {
      return true;
    } catch (RuntimeException | OutOfMemoryError broken) {
      throw new AssertionError("seed " + (SEED + mutant), broken);
    }
  }

  private static byte[] mutant(byte[] good, Random random) {
    byte[] bytes = good.clone();
    int damages = 1 + random.nextInt(3);
    for (int i = 0; i < damages; i++) {
      bytes = damaged(bytes, random);
    }
    return bytes;
  }

  private static byte[] damaged(byte[] bytes, Random random) {
    if (bytes.length < 16) {
      return bytes;
    }
    int at = random.nextInt(bytes.length - 8);
    switch (random.nextInt(6)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt();
      case 2 -> putLong(bytes, at, HOSTILE[random.nextInt(HOSTILE.length)]);
      case 3 -> putLong(bytes, at, random.nextLong());
      case 4 -> System.arraycopy(bytes, random.nextInt(bytes.length - 8), bytes, at, 8);
      default -> {
        return Arrays.copyOf(bytes, at);
      }
    }
    return bytes;
  }

  private static void putLong(byte[] bytes, int at, long value) {
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(at, value);
  }

  private byte[] goodFile() throws IOException {
    Path file = folder.resolve("good.gguf");
    List<String> tokens = IntStream.range(0, 20).mapToObj(i -> "t" + i).toList();
    GgufWriter writer =
        new GgufWriter()
            .string("general.architecture", "llama")
            .uint32("general.alignment", 32)
            .uint32("llama.block_count", 2)
            .uint32("llama.embedding_length", 8)
            .uint32("llama.attention.head_count", 2)
            .int32s("llama.attention.head_count_kv", new int[] {1, 2})
            .strings("tokenizer.ggml.tokens", tokens)
            .float32s("tokenizer.ggml.scores", new float[20]);
    for (int i = 0; i < 4; i++) {
      writer.tensor(
          "blk." + i, GgmlType.Q8_0, List.of(32L, 2L), out -> out.write(ByteBuffer.allocate(68)));
    }
    writer.write(file);
    return Files.readAllBytes(file);
  }

  private static long usedHeap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
