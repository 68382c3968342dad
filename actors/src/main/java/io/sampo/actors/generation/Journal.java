package io.sampo.actors.generation;

import io.sampo.actors.generation.Bookmark.Mark;
import io.sampo.actors.generation.GenerationEvent.ChoiceFinished;
import io.sampo.actors.generation.GenerationEvent.Delta;
import io.sampo.actors.generation.GenerationEvent.Reason;
import io.sampo.actors.generation.GenerationEvent.Started;
import io.sampo.actors.standby.Standby;
import io.sampo.actors.standby.Standby.Note;
import java.time.Duration;
import java.util.Arrays;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A running stream's side of its record: tells the standby what was emitted, and the reader with
 * each event how far it has come.
 *
 * <p>Invariant: a bookmark and the other gateway's copy, as far as that was confirmed, make up all
 * tokens that the bookmark stands for. Where the copy stays behind for too long, bookmarks have no
 * tails any more, and the stream can be taken up where its record is whole.
 */
final class Journal {

  /** Tokens of an answer that are told to the standby together, unless time passes. */
  private static final int BATCH = 32;

  /** The tokens of all tails together; a header must hold them. */
  private static final int MAX_TAILS = 1024;

  private final ResumableStream stream;
  private final AnswerSet answers;
  private final Mark[] marks;
  private final int[] told;
  private final int[] kept;
  private int begun;
  private boolean alone;
  private final StringBuilder text = new StringBuilder();

  Journal(ResumableStream stream, AnswerSet answers, int count) {
    this.stream = stream;
    this.answers = answers;
    this.marks = new Mark[count];
    this.told = new int[count];
    this.kept = new int[count];
    Arrays.fill(marks, Mark.NONE);
    for (int number = 0; number < stream.begun().size(); number++) {
      ResumableStream.Begun one = stream.begun().get(number);
      marks[number] = one.mark();
      told[number] = one.ids().length;
      begun = number + 1;
    }
  }

  /** Has the record kept from now on. */
  void begin(Duration atMost, ActorRef<Note> owner) {
    stream.standby().tell(new Standby.Begin(stream.record(), atMost, owner));
  }

  void onKept(Note.Kept note) {
    if (note.answer() < kept.length) {
      kept[note.answer()] = note.tokens();
      alone = false;
    }
  }

  /** Nobody else has a copy, so there is nobody whom a tail would help. */
  void onAlone() {
    alone = true;
    Arrays.fill(kept, 0);
  }

  /** Tells what was emitted since, where it is worth a message. */
  void tell(Answer answer) {
    if (answer.count() - told[answer.number()] >= BATCH) {
      tellAll(answer);
    }
  }

  /** Tells all that was emitted. */
  void tellAll(Answer answer) {
    int from = told[answer.number()];
    if (answer.count() > from) {
      told[answer.number()] = answer.count();
      stream
          .standby()
          .tell(
              new Standby.Extend(
                  stream.name(),
                  stream.turn(),
                  answer.number(),
                  from,
                  answer.ids(from, answer.count())));
    }
  }

  /** The generation ends; its client may come back. */
  void rest() {
    answers.opened().forEach(this::tellAll);
    stream.standby().tell(new Standby.Rest(stream.name(), stream.turn()));
  }

  Started stamped(Started started) {
    begun = Math.max(begun, 1);
    return started.at(bookmark());
  }

  /** All that was made of the answer's tokens has left with this. */
  Delta stamped(Delta delta) {
    mark(delta.choice(), false);
    return delta.at(bookmark());
  }

  ChoiceFinished stamped(ChoiceFinished finished) {
    mark(finished.choice(), true);
    return finished.at(bookmark());
  }

  private void mark(int number, boolean endRead) {
    Answer answer = answers.get(number);
    Reason end = answer.ended();
    marks[number] = new Mark(answer.count(), end, endRead, answer.lengths(), Mark.NONE.tail());
    begun = Math.max(begun, number + 1);
  }

  private String bookmark() {
    text.setLength(0);
    text.append(stream.name()).append('.');
    for (int number = 0; number < begun; number++) {
      if (number > 0) {
        text.append(',');
      }
      marks[number].write(text, tail(number));
    }
    return text.toString();
  }

  private int[] tail(int number) {
    int to = marks[number].tokens();
    int from = Math.min(kept[number], to);
    return alone || to - from > MAX_TAILS / marks.length
        ? Mark.NONE.tail()
        : known(number, from, to);
  }

  /** An answer that is only known from before has not been opened yet. */
  private int[] known(int number, int from, int to) {
    return number < answers.opened().size()
        ? answers.get(number).ids(from, to)
        : Arrays.copyOfRange(stream.begun().get(number).ids(), from, to);
  }

  /** What was computed of an answer before; null for nothing. */
  ResumableStream.@Nullable Begun before(Answer answer) {
    return answer.number() < stream.begun().size() ? stream.begun().get(answer.number()) : null;
  }
}
