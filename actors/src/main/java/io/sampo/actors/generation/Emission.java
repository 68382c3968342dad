package io.sampo.actors.generation;

import io.sampo.actors.generation.Bookmark.Mark;
import io.sampo.actors.generation.GenerationEvent.ChoiceFinished;
import io.sampo.actors.generation.GenerationEvent.Reason;
import io.sampo.actors.replica.Replica;
import io.sampo.engines.spi.TextCodec;
import io.sampo.engines.spi.TokenLogprobs;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes tokens text, and leaves what is to be told in the answers' pending deltas and the outbox.
 * This is the way of every token, so it makes no object that the reader does not get.
 */
final class Emission {

  private final TextCodec codec;
  private final BitSet shownTokens = new BitSet();
  private final Outbox outbox;
  private final StringBuilder unparsed = new StringBuilder();

  /**
   * @param shownTokens special tokens that are part of the text
   */
  Emission(TextCodec codec, int[] shownTokens, Outbox outbox) {
    this.codec = codec;
    this.outbox = outbox;
    for (int token : shownTokens) {
      this.shownTokens.set(token);
    }
  }

  /** Begins an answer's text with its prompt's, where that is wanted. */
  void echo(Answer answer) {
    answer.pending.text.append(answer.prompt.echo());
    if (answer.echoed != null) {
      answer.pending.add(answer.echoed.next(answer.prompt.ids()[0], null));
    }
    tell(answer);
  }

  /**
   * Takes an answer's next tokens; those that were there before are passed over.
   *
   * @return true when a stop text was found; the tokens behind it are dropped
   */
  boolean take(Answer answer, Replica.Tokens tokens) {
    TokenLogprobs[] logprobs = tokens.logprobs();
    int[] ids = tokens.ids();
    for (int i = answer.nextIndex() - tokens.firstIndex(); i < ids.length; i++) {
      take(answer, ids[i], logprobs == null ? null : logprobs[i]);
      if (answer.text.stopped()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Makes an answer what it was when its client had read so much of it, and has what is known
   * beyond that told.
   *
   * @return true when nothing is left but to end it, since its text was read whole or a stop text
   *     was found
   */
  boolean replay(Answer answer, ResumableStream.Begun before) {
    Mark mark = before.mark();
    answer.resume(mark.lengths().isEmpty() ? 0 : mark.lengths().getFirst());
    int[] ids = before.ids();
    for (int i = 0; i < mark.tokens() && !answer.text.stopped(); i++) {
      answer.emitted(ids[i]);
      answer.delivered(1);
      reread(answer, ids[i]);
    }
    if (mark.end() instanceof Reason end) {
      answer.ended(end);
      if (!mark.endRead()) {
        outbox.finished(new ChoiceFinished(answer.number(), end, answer.text.stopText()));
      }
      return true;
    }
    if (answer.format != null) {
      List<Integer> lengths = mark.lengths();
      answer.pending.add(
          answer.format.told(lengths.subList(Math.min(1, lengths.size()), lengths.size())));
      tell(answer);
    }
    for (int i = mark.tokens(); i < ids.length && !answer.text.stopped(); i++) {
      take(answer, ids[i], null);
    }
    return answer.text.stopped();
  }

  private void reread(Answer answer, int id) {
    byte[] piece = codec.piece(id, shownTokens.get(id));
    unparsed.setLength(0);
    answer.text.append(piece, unparsed);
    if (answer.format != null) {
      answer.format.replay(unparsed.toString());
    }
  }

  private void take(Answer answer, int id, @Nullable TokenLogprobs logprobs) {
    if (answer.echoed != null && answer.recites()) {
      answer.pending.add(answer.echoed.next(id, logprobs));
      answer.emitted(id);
    } else {
      answer.emitted(id);
      write(answer, id, logprobs);
    }
    if (answer.pending.isEmpty()) {
      answer.delivered(1);
    } else {
      answer.pending.count(1);
      tell(answer);
    }
  }

  private void write(Answer answer, int id, @Nullable TokenLogprobs logprobs) {
    byte[] piece = codec.piece(id, shownTokens.get(id));
    AnswerFormat format = answer.format;
    if (format == null) {
      answer.text.append(piece, answer.pending.text);
    } else {
      unparsed.setLength(0);
      answer.text.append(piece, unparsed);
      answer.pending.add(format.append(unparsed.toString(), System.nanoTime()));
      if (format.reasonsStill()) {
        answer.thought();
      }
    }
    if (logprobs != null) {
      answer.pending.add(TokenTexts.of(codec, id, logprobs));
    }
  }

  private void tell(Answer answer) {
    if (!answer.pending.isEmpty()) {
      outbox.pending(answer);
    }
  }

  /** Tells an answer's rest and its end. */
  void end(Answer answer, Reason reason) {
    AnswerFormat format = answer.format;
    Reason told = reason;
    if (format == null) {
      finishText(answer, answer.pending.text);
    } else {
      unparsed.setLength(0);
      finishText(answer, unparsed);
      answer.pending.add(format.finish(unparsed.toString(), reason == Reason.STOP));
      told = reason == Reason.STOP && format.calledTools() ? Reason.TOOL_CALLS : reason;
    }
    tell(answer);
    answer.ended(told);
    outbox.finished(new ChoiceFinished(answer.number(), told, answer.text.stopText()));
  }

  private static void finishText(Answer answer, StringBuilder out) {
    if (!answer.text.stopped()) {
      answer.text.finish(out);
    }
  }
}
