package io.sampo.engines.llamacpp.speculation;

import io.sampo.engines.llamacpp.jni.NativeContext;
import io.sampo.engines.llamacpp.jni.NativeModel;
import io.sampo.engines.llamacpp.jni.NativeSampler;
import io.sampo.engines.spi.Sampling;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Guesses what a small model of the same vocabulary would say. All sequences that draft do so
 * together, one token each in a round.
 *
 * <p>The small model chooses with the request's own filters and with the same random numbers, which
 * depend on seed, choice and index alone: where both models agree on what is likely they draw the
 * same token, so more guesses stand than if it always said the likeliest. It knows neither grammar
 * nor penalties, which have a state that would have to be taken back.
 *
 * <p>Before it guesses it must have computed the sequence so far. What a step gave is little; a
 * whole prompt is computed in chunks, one before each step, so that it delays running answers by no
 * more than that, and until it is done the sequence has no draft.
 */
public final class DraftModelProposer implements Proposer {

  /**
   * How it guesses.
   *
   * @param slots sequences at once
   * @param contextTokens the longest that a sequence can be here
   * @param vocabularySize of the large model; tokens from here on are not proposed
   * @param ownVocabularySize of the small model
   * @param leastChance a guess less likely than this, for the small model, ends the draft; 0 to 1
   * @param endTokens tokens that end the draft
   */
  public record Bounds(
      int slots,
      int contextTokens,
      int vocabularySize,
      int ownVocabularySize,
      double leastChance,
      BitSet endTokens) {}

  /** Rows of a chunk; a context must take as many. */
  public static final int CHUNK_TOKENS = 128;

  /** Catching up with more than this says nothing of what a guess costs. */
  private static final int USUAL_TOKENS = Draft.MOST_TOKENS + 1;

  private static final double FADE = 0.9;

  /** Where drafts end before they begin, guesses are dear and not free. */
  private static final double LEAST_TOKENS = 1;

  private static final int NO_LOOK_BACK = 0;

  /** A draft under way. */
  private record Guess(Drafting sequence, int slot, int most) {}

  private final NativeModel model;
  private final NativeContext context;
  private final Bounds bounds;
  private final DraftSlots slots;
  private final @Nullable NativeSampler[] samplers;
  private final Guess[] guesses;
  private int drafting;
  private int longestCatchUp;
  private double nanos;
  private double tokens;

  /** Takes over model and context, which was made of it and can be cut anywhere. */
  public DraftModelProposer(NativeModel model, NativeContext context, Bounds bounds) {
    this.model = model;
    this.context = context;
    this.bounds = bounds;
    slots = new DraftSlots(bounds.slots);
    samplers = new NativeSampler[bounds.slots];
    guesses = new Guess[bounds.slots];
  }

  @Override
  public boolean isFree() {
    return false;
  }

  @Override
  public double millisPerToken() {
    return nanos == 0 ? 0 : nanos / Math.max(tokens, LEAST_TOKENS) / 1e6;
  }

  @Override
  public void propose(List<? extends Drafting> sequences, int[] most) {
    long began = System.nanoTime();
    context.clear();
    drafting = 0;
    longestCatchUp = 0;
    for (int i = 0; i < sequences.size() && context.rows() < CHUNK_TOKENS; i++) {
      Drafting sequence = sequences.get(i);
      if (most[i] > 0 && sequence.length() + most[i] <= bounds.contextTokens) {
        catchUp(sequence, most[i]);
      }
    }
    int proposed = 0;
    while (context.rows() > 0 && step()) {
      proposed += takeRound();
    }
    learn(System.nanoTime() - began, proposed);
  }

  /** A step after a pause or at a beginning tells nothing, and what was learned before is old. */
  private void learn(long took, int proposed) {
    if (longestCatchUp > USUAL_TOKENS) {
      nanos = 0;
      tokens = 0;
    } else if (longestCatchUp > 0) {
      nanos = nanos * FADE + took;
      tokens = tokens * FADE + proposed;
    }
  }

  /** Adds what is not computed of a sequence; with its last token its draft begins. */
  private void catchUp(Drafting sequence, int most) {
    int slot = slotOf(sequence);
    if (slot < 0) {
      return;
    }
    int from = slots.common(slot, sequence);
    if (from < slots.length(slot)) {
      cut(slot, from);
    }
    int last = sequence.length() - 1;
    int end = Math.min(last, from + CHUNK_TOKENS - context.rows() - 1);
    if (!knows(sequence, from, end)) {
      return;
    }
    longestCatchUp = Math.max(longestCatchUp, end + 1 - from);
    for (int position = from; position < end; position++) {
      context.add(sequence.tokens()[position], position, slot);
      slots.append(slot, sequence.tokens()[position]);
    }
    if (end == last) {
      guesses[drafting] = new Guess(sequence, slot, most);
      ask(guesses[drafting++], sequence.tokens()[last], last);
    }
  }

  private boolean knows(Drafting sequence, int from, int to) {
    for (int position = from; position <= to; position++) {
      if (sequence.tokens()[position] >= bounds.ownVocabularySize) {
        return false;
      }
    }
    return true;
  }

  private void cut(int slot, int from) {
    if (!context.forget(slot, from)) {
      throw new IllegalStateException("the draft model's state cannot be cut at " + from);
    }
    slots.cut(slot, from);
  }

  private int slotOf(Drafting sequence) {
    int found = slots.find(sequence);
    if (found >= 0) {
      return found;
    }
    int slot = slots.assign(sequence);
    if (slot >= 0) {
      samplers[slot] =
          new NativeSampler(model, guessing(sequence.sampling()), new int[0], 0, 0, NO_LOOK_BACK);
    }
    return slot;
  }

  /** The request's filters and random numbers, without what has a state. */
  private Sampling guessing(Sampling asked) {
    int[] kept =
        IntStream.range(0, asked.logitBiasIds().length)
            .filter(i -> asked.logitBiasIds()[i] < bounds.ownVocabularySize)
            .toArray();
    float[] biases = new float[kept.length];
    for (int i = 0; i < kept.length; i++) {
      biases[i] = asked.logitBiases()[kept[i]];
    }
    return new Sampling(
        asked.temperature(),
        asked.topK(),
        asked.topP(),
        asked.minP(),
        asked.typicalP(),
        1f,
        0,
        0f,
        0f,
        asked.seed(),
        asked.choice(),
        IntStream.of(kept).map(i -> asked.logitBiasIds()[i]).toArray(),
        biases,
        asked.ignoreEndOfText(),
        bounds.leastChance > 0 ? 0 : -1,
        null);
  }

  private void ask(Guess guess, int token, int position) {
    NativeSampler sampler = samplers[guess.slot];
    if (sampler == null) {
      throw new IllegalStateException("a slot in use has a sampler");
    }
    Drafting sequence = guess.sequence;
    int ahead = position - (sequence.length() - 1);
    context.addAndChoose(token, position, guess.slot, sampler, sequence.nextIndex() + ahead);
    slots.append(guess.slot, token);
  }

  /** Computes a round; false when the engine is being closed. */
  private boolean step() {
    return switch (context.step()) {
      case DONE -> true;
      case INTERRUPTED -> false;
      case NO_ROOM -> throw new IllegalStateException("the draft model's cells are full");
    };
  }

  /** Takes what was chosen in a round and adds the next one; gives how many were proposed. */
  private int takeRound() {
    context.clear();
    int asked = drafting;
    int proposed = 0;
    drafting = 0;
    for (int i = 0; i < asked; i++) {
      Guess guess = guesses[i];
      int token = context.chosen(i);
      if (isGood(token, i)) {
        Draft draft = guess.sequence.draft();
        draft.propose(token);
        proposed++;
        if (draft.proposed() < guess.most) {
          guesses[drafting++] = guess;
          ask(guess, token, guess.sequence.length() + draft.proposed() - 1);
        }
      }
    }
    return proposed;
  }

  private boolean isGood(int token, int result) {
    return token >= 0
        && token < bounds.vocabularySize
        && !bounds.endTokens.get(token)
        && (bounds.leastChance == 0 || Math.exp(context.logprob(result)) >= bounds.leastChance);
  }

  @Override
  public void forget(Drafting sequence) {
    int slot = slots.find(sequence);
    if (slot >= 0) {
      slots.free(slot);
      closeSampler(slot);
    }
  }

  private void closeSampler(int slot) {
    NativeSampler sampler = samplers[slot];
    if (sampler != null) {
      sampler.close();
      samplers[slot] = null;
    }
  }

  @Override
  public void interrupt() {
    context.interrupt();
  }

  @Override
  public void close() {
    for (int slot = 0; slot < samplers.length; slot++) {
      closeSampler(slot);
    }
    context.close();
    model.close();
  }
}
