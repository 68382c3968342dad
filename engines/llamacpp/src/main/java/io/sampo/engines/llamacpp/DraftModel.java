package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeContext;
import io.sampo.engines.llamacpp.jni.NativeModel;
import io.sampo.engines.llamacpp.speculation.DraftModelProposer;
import io.sampo.engines.llamacpp.speculation.Proposer;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.LoadPlan;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The small model that guesses for a large one: its file, which was checked, and how it is loaded
 * beside it.
 */
record DraftModel(Path file, GgufSummary summary, LoadChoice choice, double leastChance) {

  /**
   * Vocabularies of one family are padded to different lengths; more than that is another family.
   */
  private static final int MOST_PADDING = 128;

  /**
   * The draft model that settings ask for, or null.
   *
   * @param large how the large model is loaded
   * @throws EngineException MODEL_REJECTED when its file breaks a rule
   */
  static @Nullable DraftModel of(LoadChoice large, EngineSettings settings, long availableBytes) {
    Path file = large.speculation().draftModel();
    if (file == null) {
      return null;
    }
    GgufSummary summary = ModelFile.check(file);
    EngineSettings small =
        new EngineSettings(
            large.contextTokens(),
            large.maxSequences(),
            large.threads(),
            settings.gpuLayers(),
            settings.kvType(),
            settings.flashAttention(),
            false,
            Map.of(
                LoadChoice.BATCH_TOKENS,
                String.valueOf(DraftModelProposer.CHUNK_TOKENS),
                KernelChoice.KERNELS,
                large.kernels()));
    if (!EmbeddingChoice.generates(summary, small)) {
      throw rejected(file, "it computes embeddings and cannot guess");
    }
    LoadChoice choice = LoadChoice.of(summary, small, availableBytes);
    return new DraftModel(file, summary, choice, large.speculation().leastChance());
  }

  /** What both models together take. */
  LoadPlan with(LoadPlan large) {
    return new LoadPlan(
        large.architecture(),
        large.parameters(),
        large.trainedContextTokens(),
        large.task(),
        large.vectorLength(),
        large.contextTokens(),
        large.maxSequences(),
        large.weightBytes() + summary.weightBytes(),
        large.kvBytes() + choice.kvBytes(),
        large.computeBytes() + choice.computeBytes());
  }

  /**
   * Loads it.
   *
   * @param beside the large model's context, whose threads it shares: they never compute at once
   * @throws EngineException MODEL_REJECTED when it cannot guess for the large model
   */
  Proposer open(
      NativeModel large, NativeContext beside, NativeContext.Settings settings, int gpuLayers) {
    NativeModel small = NativeModel.load(file, choice.kernels(), gpuLayers);
    try {
      requireSameVocabulary(large, small);
      NativeContext context = new NativeContext(small, settings, beside);
      if (!context.cutsAnywhere()) {
        context.close();
        throw rejected("the state of such a model cannot be cut, which guessing needs");
      }
      return new DraftModelProposer(small, context, bounds(large, small));
    } catch (RuntimeException failed) {
      small.close();
      throw failed;
    }
  }

  private DraftModelProposer.Bounds bounds(NativeModel large, NativeModel small) {
    BitSet ends = new BitSet();
    Arrays.stream(large.endTokens()).forEach(ends::set);
    return new DraftModelProposer.Bounds(
        choice.maxSequences(),
        choice.contextTokens(),
        large.vocabularySize(),
        small.vocabularySize(),
        leastChance,
        ends);
  }

  private void requireSameVocabulary(NativeModel large, NativeModel small) {
    int sizes = Math.min(large.vocabularySize(), small.vocabularySize());
    if (Math.abs(large.vocabularySize() - small.vocabularySize()) > MOST_PADDING) {
      throw rejected(
          "its vocabulary has "
              + small.vocabularySize()
              + " tokens and that of the model it is to guess for has "
              + large.vocabularySize());
    }
    NativeModel.Pieces ours = large.pieces(true);
    NativeModel.Pieces its = small.pieces(true);
    for (int token = 0; token < sizes; token++) {
      if (!samePiece(ours, its, token)) {
        throw rejected(
            "token " + token + " is another one than in the model that it is to guess for");
      }
    }
  }

  private static boolean samePiece(NativeModel.Pieces one, NativeModel.Pieces other, int token) {
    return Arrays.equals(
        one.bytes(),
        one.starts()[token],
        one.starts()[token + 1],
        other.bytes(),
        other.starts()[token],
        other.starts()[token + 1]);
  }

  private EngineException rejected(String reason) {
    return rejected(file, reason);
  }

  private static EngineException rejected(Path file, String reason) {
    return new EngineException(
        Kind.MODEL_REJECTED,
        file + ": " + reason + "; draft with a smaller model of the same family");
  }
}
