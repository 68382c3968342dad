package io.sampo.engines.modelstore.gguf;

import static io.sampo.engines.modelstore.gguf.GgufBytes.ARRAY;
import static io.sampo.engines.modelstore.gguf.GgufBytes.FLOAT32;
import static io.sampo.engines.modelstore.gguf.GgufBytes.STRING;
import static io.sampo.engines.modelstore.gguf.GgufBytes.UINT32;
import static io.sampo.engines.modelstore.gguf.GgufBytes.header;
import static io.sampo.engines.modelstore.gguf.GgufBytes.llama;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufValidatorTest {

  @TempDir Path folder;

  @Test
  void acceptsTwoTensorsThatFollowEachOther() throws IOException {
    GgufBytes file =
        llama(2, 0).tensor("a", GgmlType.F32, 0, 3).tensor("b", GgmlType.Q8_0, 32, 32, 2).data(100);
    GgufSummary summary = validate(file.bytes());
    assertThat(summary.architecture()).isEqualTo("llama");
    assertThat(summary.parameters()).isEqualTo(3 + 64);
    assertThat(summary.weightBytes()).isEqualTo(12 + 68);
  }

  @Test
  void namesTheMagicOfAFileThatIsNoGguf() {
    rejects(
        "<html>nothing here</html>".getBytes(StandardCharsets.UTF_8),
        "magic must be GGUF",
        "header");
    rejects(new byte[0], "magic must be GGUF", "header");
  }

  @Test
  void refusesOtherVersions() {
    rejects(header(1, 0, 0).bytes(), "version must be 2 or 3, is 1", "header");
    rejects(header(0x03000000, 0, 0).bytes(), "version must be 2 or 3, is 50331648", "header");
  }

  @Test
  void boundsCountsBeforeItBelievesThem() {
    rejects(header(3, -1, 0).bytes(), "tensor count must be at most 65536", "header");
    rejects(header(3, 0, 60_000).bytes(), "metadata count must fit the file", "header");
    GgufBytes array = llama(0, 1).string("k").int32(ARRAY).int32(STRING).int64(1L << 61);
    rejects(array.bytes(), "array length must be at most 16777216", "key k");
    GgufBytes longer = llama(0, 1).string("k").int32(ARRAY).int32(UINT32).int64(1 << 20);
    rejects(longer.bytes(), "array length must fit the file", "key k");
  }

  @Test
  void boundsStrings() {
    GgufBytes huge = llama(0, 1).string("k").int32(STRING).int64(-8);
    rejects(huge.bytes(), "string must be at most 1048576 bytes", "key k");
    GgufBytes cut = llama(0, 1).string("k").int32(STRING).int64(1000);
    rejects(cut.bytes(), "file must not end here", "key k");
  }

  @Test
  void refusesUnknownAndNestedValueTypes() {
    rejects(
        llama(0, 1).string("k").int32(77).int64(0).bytes(), "value type must be known", "key k");
    GgufBytes nested = llama(0, 1).string("k").int32(ARRAY).int32(ARRAY).int64(0);
    rejects(nested.bytes(), "array must not hold arrays", "key k");
  }

  @Test
  void refusesAnAlignmentThatIsNoPowerOfTwoOrTooLarge() {
    for (int alignment : new int[] {0, 48, 1 << 17, -32}) {
      GgufBytes file = llama(0, 1).string("general.alignment").int32(UINT32).int32(alignment);
      rejects(file.bytes(), "alignment must be a power of two", "key general.alignment");
    }
  }

  @Test
  void refusesRepeatedNames() {
    GgufBytes keys = llama(0, 1).string("general.architecture").int32(STRING).string("llama");
    rejects(keys.bytes(), "key must be unique", "key general.architecture");
    GgufBytes tensors =
        llama(2, 0).tensor("a", GgmlType.F32, 0, 8).tensor("a", GgmlType.F32, 32, 8).data(64);
    rejects(tensors.bytes(), "tensor name must be unique", "tensor a");
    GgufBytes name = llama(1, 0).tensor("x".repeat(64), GgmlType.F32, 0, 8).data(32);
    rejects(name.bytes(), "tensor name must be at most 63 bytes", "tensor 0");
  }

  @Test
  void refusesAPoolingThatWouldEndTheProcess() throws IOException {
    for (int pooling : new int[] {5, -2, Integer.MAX_VALUE}) {
      GgufBytes file = llama(0, 1).string("llama.pooling_type").int32(UINT32).int32(pooling);
      rejects(file.bytes(), "pooling must be 0 (none) to 4 (rank)", "key llama.pooling_type");
    }
    GgufBytes text = llama(0, 1).string("llama.pooling_type").int32(STRING).string("mean");
    rejects(text.bytes(), "pooling must be 0 (none) to 4 (rank)", "key llama.pooling_type");
    GgufBytes headless = llama(0, 1).string("llama.pooling_type").int32(UINT32).int32(4);
    rejects(headless.bytes(), "must have a classification head", "key llama.pooling_type");
    GgufBytes wide = llama(0, 1).string("llama.embedding_length_out").int32(UINT32).int32(8);
    rejects(wide.bytes(), "value must be 0 to 0", "key llama.embedding_length_out");
    GgufBytes mean = llama(0, 1).string("llama.pooling_type").int32(UINT32).int32(1);
    assertThat(validate(mean.bytes()).pooling()).isEqualTo(Pooling.MEAN);
    assertThat(validate(llama(0, 0).bytes()).pooling()).isEqualTo(Pooling.NONE);
  }

  @Test
  void refusesImpossibleShapes() {
    rejects(tensor(GgmlType.F32, 0, 1, 1, 1, 1, 1), "dimensions must be at most 4", "tensor t");
    rejects(tensor(GgmlType.F32, 0, 0), "dimension must be 1", "tensor t");
    rejects(tensor(GgmlType.F32, 0, 1L << 40, 1L << 40), "must fit 63 bits", "tensor t");
    rejects(tensor(GgmlType.F64, 0, 1L << 61), "must fit 63 bits", "tensor t");
    rejects(tensor(GgmlType.Q4_K, 0, 32), "row must be a multiple of Q4_K's block", "tensor t");
    GgufBytes type = llama(1, 0).string("t").int32(1).int64(32).int32(31).int64(0).data(64);
    rejects(type.bytes(), "number format must be known, is 31", "tensor t");
  }

  @Test
  void rejectsAFileThatEndsInsideATensor() {
    rejects(tensor(GgmlType.F32, 0, 32), "offset and size must lie inside the file", "tensor t");
    rejects(
        tensor(GgmlType.F32, 0, 1L << 50), "offset and size must lie inside the file", "tensor t");
  }

  @Test
  void refusesOffsetsThatAreOddOrOverlap() {
    rejects(
        tensor(GgmlType.F32, 7, 8), "offset must be a multiple of the alignment 32", "tensor t");
    rejects(tensor(GgmlType.F32, -32, 8), "without gap or overlap", "tensor t");
    GgufBytes overlap =
        llama(2, 0).tensor("a", GgmlType.F32, 0, 8).tensor("b", GgmlType.F32, 0, 8).data(64);
    rejects(overlap.bytes(), "without gap or overlap: 32, is 0", "tensor b");
  }

  @Test
  void refusesArchitecturesThatLlamaCppDoesNotKnow() {
    GgufBytes alien = header(3, 0, 1).string("general.architecture").int32(STRING).string("alien");
    rejects(alien.bytes(), "is 'alien'", "key general.architecture");
    rejects(header(3, 0, 0).bytes(), "architecture must be given", "key general.architecture");
    assertThat(GgufValidator.architectures()).hasSize(152).contains("llama", "qwen3", "gpt-oss");
  }

  @Test
  void refusesScoresThatAreFewerThanTokens() throws IOException {
    Path file = folder.resolve("v.gguf");
    new GgufWriter()
        .string("general.architecture", "llama")
        .strings("tokenizer.ggml.tokens", List.of("a", "b"))
        .float32s("tokenizer.ggml.scores", new float[] {1})
        .write(file);
    assertThatThrownBy(() -> GgufValidator.validate(file))
        .isInstanceOf(GgufRejectedException.class)
        .hasMessage(
            "GGUF rejected: array must have an element for each token at key"
                + " tokenizer.ggml.scores");
  }

  @Test
  void refusesTokensThatRepeatButLetsEmptyOnesBe() throws IOException {
    tokens("a", "", "bb", "").write(folder.resolve("good.gguf"));
    assertThat(GgufValidator.validate(folder.resolve("good.gguf")).vocabularySize()).isEqualTo(4);
    Path file = folder.resolve("v.gguf");
    tokens("a", "a rather long token", "b", "a rather long token").write(file);
    assertThatThrownBy(() -> GgufValidator.validate(file))
        .hasMessage(
            "GGUF rejected: tokens must differ, number 3 repeats an earlier one at key"
                + " tokenizer.ggml.tokens");
  }

  private static GgufWriter tokens(String... tokens) {
    return new GgufWriter()
        .string("general.architecture", "llama")
        .strings("tokenizer.ggml.tokens", List.of(tokens));
  }

  @Test
  void refusesNumbersThatNativeCodeAsserts() {
    rejects(
        llama(0, 1).string("llama.block_count").int32(UINT32).int32(0).bytes(),
        "layers must be 1 to 512",
        "key llama.block_count");
    rejects(
        llama(0, 1).string("llama.block_count").int32(UINT32).int32(513).bytes(),
        "0 to 512, is 513",
        "key llama.block_count");
    rejects(
        llama(0, 1).string("llama.expert_count").int32(UINT32).int32(2000).bytes(),
        "0 to 1024",
        "key llama.expert_count");
    rejects(
        llama(0, 1).string("llama.expert_group_count").int32(UINT32).int32(2).bytes(),
        "experts to group",
        "key llama.expert_group_count");
    String epsilon = "llama.attention.layer_norm_rms_epsilon";
    rejects(
        llama(0, 1).string(epsilon).int32(FLOAT32).int32(Float.floatToIntBits(-1e-5f)).bytes(),
        "0 to 1",
        "key " + epsilon);
    rejects(
        llama(0, 1).string(epsilon).int32(FLOAT32).int32(Float.floatToIntBits(Float.NaN)).bytes(),
        "0 to 1",
        "key " + epsilon);
  }

  @Test
  void addsUpTheFilesOfASplitModelAndMissesNone() throws IOException {
    Path first = folder.resolve("m-00001-of-00002.gguf");
    Path second = folder.resolve("m-00002-of-00002.gguf");
    shard(0).string("general.architecture", "llama").write(first);
    assertThatThrownBy(() -> GgufValidator.validate(first))
        .hasMessageContaining("missing is m-00002-of-00002.gguf");
    shard(1).write(second);
    assertThat(GgufValidator.validate(first).weightBytes()).isEqualTo(2 * 32);
  }

  private static GgufWriter shard(int number) {
    return new GgufWriter()
        .uint32("split.no", number)
        .uint32("split.count", 2)
        .tensor("t" + number, GgmlType.F32, List.of(8L), out -> out.write(ByteBuffer.allocate(32)));
  }

  private static byte[] tensor(GgmlType type, long offset, long... dimensions) {
    return llama(1, 0).tensor("t", type, offset, dimensions).data(64).bytes();
  }

  private void rejects(byte[] bytes, String rule, String field) {
    assertThatThrownBy(() -> validate(bytes))
        .isInstanceOfSatisfying(
            GgufRejectedException.class,
            rejected -> {
              assertThat(rejected.rule()).contains(rule);
              assertThat(rejected.field()).isEqualTo(field);
              assertThat(rejected)
                  .hasMessage("GGUF rejected: " + rejected.rule() + " at " + rejected.field());
            });
  }

  private GgufSummary validate(byte[] bytes) throws IOException {
    return GgufValidator.validate(Files.write(folder.resolve("m.gguf"), bytes));
  }
}
