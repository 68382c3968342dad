package io.sampo.actors.generation;

import io.sampo.actors.attempt.Attempt;
import io.sampo.actors.generation.GenerationEvent.Usage;
import io.sampo.actors.router.Router;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.TextCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The answers of one request, numbered prompt by prompt. They are opened in this order, a few at a
 * time.
 *
 * <p>Invariant: no more are open than may be at a time, and one that was closed stays so.
 */
final class AnswerSet {

  private final String generation = UUID.randomUUID().toString();
  private final List<PreparedPrompt> prompts;
  private final AnswerRules rules;
  private final int choices;
  private final boolean includeStop;
  private final boolean recites;
  private final int atATime;
  private final TextCodec codec;
  private final Consumer<Router.Command> router;

  /** Those that were opened, by number. */
  private final List<Answer> answers = new ArrayList<>();

  private int closed;
  private int cachedTokens;

  AnswerSet(Job job, Preparation.Ready ready) {
    this.prompts = ready.prompts();
    this.rules = ready.rules();
    this.choices = job.request().choices();
    this.includeStop = job.request().includeStop();
    this.recites = job.request().recites();
    this.codec = job.model().text();
    this.atATime = job.settings().parallelAnswers();
    this.router = job.router();
  }

  /** Opens the next answer; null when all were opened, or as many are open as may be. */
  @Nullable Answer open() {
    int number = answers.size();
    if (number == prompts.size() * choices || number - closed >= atATime) {
      return null;
    }
    String format = rules.format();
    Answer answer =
        new Answer(
            new Attempt(generation, number, router),
            number,
            number % choices,
            prompts.get(number / choices),
            new AnswerText(rules.stops(), includeStop),
            recites ? new EchoedTokens(codec, prompts.get(number / choices).echo()) : null,
            format == null ? null : new AnswerFormat(codec, format));
    answers.add(answer);
    return answer;
  }

  List<PreparedPrompt> prompts() {
    return prompts;
  }

  /** The answer with this number, which was opened. */
  Answer get(int number) {
    return answers.get(number);
  }

  /** The answer whose attempt under way this is, or null. */
  @Nullable Answer current(SequenceKey sequence) {
    int number = sequence.choice();
    if (number < 0 || number >= answers.size() || !answers.get(number).attempt.current(sequence)) {
      return null;
    }
    return answers.get(number);
  }

  /** Those that were opened. */
  List<Answer> opened() {
    return answers;
  }

  void close(Answer answer) {
    if (!answer.attempt.ended()) {
      answer.attempt.end();
      closed++;
    }
  }

  /** Whether every answer of the request was opened and closed. */
  boolean allClosed() {
    return closed == prompts.size() * choices;
  }

  /** Counts tokens of a prompt that needed no computing. */
  void cached(int tokens) {
    cachedTokens += tokens;
  }

  int promptTokens() {
    return prompts.stream().mapToInt(prompt -> prompt.ids().length).sum();
  }

  Usage usage() {
    return new Usage(
        promptTokens(),
        cachedTokens,
        answers.stream().mapToInt(Answer::count).sum(),
        answers.stream().mapToInt(Answer::reasoningTokens).sum());
  }

  /** What the request's name among messages and in the log is. */
  @Override
  public String toString() {
    return generation;
  }
}
