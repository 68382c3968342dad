package io.sampo.actors.generation;

import io.sampo.actors.attempt.Attempt;
import io.sampo.actors.attempt.Attempt.Phase;
import io.sampo.actors.generation.GenerationEvent.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One of a request's answers: the prompt it answers, what it has emitted, how far it may go. */
final class Answer {

  final Attempt attempt;
  final PreparedPrompt prompt;
  final AnswerText text;

  /** Shows the tokens of the prompt; null where they are not to be told. */
  final @Nullable EchoedTokens echoed;

  /** Null where all of the text is content. */
  final @Nullable AnswerFormat format;

  final PendingDelta pending = new PendingDelta();

  /** Whether something is pending and its turn in the {@link Outbox} has not come. */
  boolean queued;

  private final int number;
  private final int choice;
  private boolean begun;
  private int[] ids = new int[32];
  private int count;

  /** Tokens of the prompt that are still to be told. */
  private int recited;

  private int reasoningTokens;
  private @Nullable Reason ended;
  private int nextAtOpen;
  private int delivered;
  private int allowed;

  /**
   * @param number of the answer among all of the request
   * @param choice of the answer among those to the same prompt
   */
  Answer(
      Attempt attempt,
      int number,
      int choice,
      PreparedPrompt prompt,
      AnswerText text,
      @Nullable EchoedTokens echoed,
      @Nullable AnswerFormat format) {
    this.attempt = attempt;
    this.number = number;
    this.choice = choice;
    this.prompt = prompt;
    this.text = text;
    this.echoed = echoed;
    this.format = format;
    recited = echoed == null ? 0 : prompt.ids().length - 1;
    delivered = -recited;
  }

  int number() {
    return number;
  }

  int choice() {
    return choice;
  }

  int count() {
    return count;
  }

  /** The index of the token that comes next; negative for one of the prompt. */
  int nextIndex() {
    return count - recited;
  }

  /** Whether the token that comes next is one of the prompt. */
  boolean recites() {
    return recited > 0;
  }

  /** Counts the last emitted token as one that the model thought with. */
  void thought() {
    reasoningTokens++;
  }

  int reasoningTokens() {
    return reasoningTokens;
  }

  /** All of its text was made, and this is why it ended. */
  void ended(Reason reason) {
    ended = reason;
  }

  /** Why it ended; null before. */
  @Nullable Reason ended() {
    return ended;
  }

  /** Its tokens from one index to another. */
  int[] ids(int from, int to) {
    return Arrays.copyOfRange(ids, from, to);
  }

  /** What was told of an answer in parts, see {@link Bookmark.Mark#lengths}. */
  List<Integer> lengths() {
    if (format == null) {
      return List.of();
    }
    List<Integer> lengths = new ArrayList<>();
    lengths.add(reasoningTokens);
    lengths.addAll(format.told());
    return lengths;
  }

  /** It was begun in an earlier turn of its stream, where so many of its tokens were thoughts. */
  void resume(int thoughts) {
    begun = true;
    reasoningTokens = thoughts;
  }

  /** Prompt and everything emitted, which is where another replica goes on. */
  int[] continuation() {
    int[] promptIds = prompt.ids();
    if (count == 0) {
      return promptIds;
    }
    int[] joined = Arrays.copyOf(promptIds, promptIds.length + count);
    System.arraycopy(ids, 0, joined, promptIds.length, count);
    return joined;
  }

  /**
   * Whoever answers it now may do so up to the reader and a window.
   *
   * @return tokens it may emit before it hears more
   */
  int open(int window) {
    allowed = delivered + window;
    return allowed;
  }

  /** An attempt begins with what there is. */
  void attempted() {
    nextAtOpen = nextIndex();
  }

  /** Whether the attempt under way has got the answer any further. */
  boolean advanced() {
    return nextIndex() > nextAtOpen;
  }

  /** Begins, or goes on elsewhere; true when it had not before. */
  boolean begin() {
    boolean first = !begun;
    begun = true;
    return first;
  }

  void emitted(int id) {
    if (recited > 0) {
      recited--;
      return;
    }
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, count * 2);
    }
    ids[count++] = id;
  }

  void delivered(int tokens) {
    delivered += tokens;
  }

  /**
   * The new limit to tell the replica, or 0 when half a window is still open.
   *
   * @param window tokens it may run ahead of the reader
   */
  int extend(int window) {
    return attempt.phase() == Phase.RUNNING && delivered + window - allowed >= window / 2
        ? open(window)
        : 0;
  }
}
