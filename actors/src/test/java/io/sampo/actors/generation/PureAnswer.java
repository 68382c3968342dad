package io.sampo.actors.generation;

import io.sampo.actors.attempt.Attempt;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.engines.simulated.model.SimulatedText;
import java.util.List;
import java.util.function.Consumer;

/** An answer and the way its tokens take, for simulations outside of its room. */
public final class PureAnswer {

  private static final SimulatedText TEXT = new SimulatedText(false);

  private final Answer answer;
  private final Emission emission;

  public PureAnswer(String name, int[] prompt, long[] hashes, Consumer<Router.Command> router) {
    answer =
        new Answer(
            new Attempt(name, 0, router),
            0,
            0,
            new PreparedPrompt("prompt", prompt, hashes, ""),
            new AnswerText(List.of(), false),
            null,
            null);
    emission = new Emission(TEXT, new int[0], new Outbox(Integer.MAX_VALUE));
  }

  public Attempt attempt() {
    return answer.attempt;
  }

  /** How many tokens it has. */
  public int count() {
    return answer.count();
  }

  /** Takes tokens that do not leave a gap. */
  public void take(Replica.Tokens tokens) {
    emission.take(answer, tokens);
  }

  /** Its prompt and all of its tokens. */
  public int[] all() {
    return answer.continuation();
  }
}
