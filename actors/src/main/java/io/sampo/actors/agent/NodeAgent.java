package io.sampo.actors.agent;

import io.sampo.actors.wire.WireMessage;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * Answers for its node what an operator asks or orders. Questions and answers are JSON, so that
 * nodes of neighbouring versions understand each other as far as they can; an answer is small
 * enough for one message.
 */
public final class NodeAgent extends AbstractMatchingBehavior<NodeAgent.Command> {

  /** The last part of its path on every node, below {@code /system}. */
  public static final String NAME = "node-agent";

  /** Characters of the longest answer, well below the frame limit of the cluster's transport. */
  public static final int MOST_CHARS = 120_000;

  /** Questions under way at a time; one more is refused. */
  private static final int MOST_QUESTIONS = 32;

  private static final Executor THREADS = task -> Thread.ofVirtual().name("node-agent").start(task);

  public sealed interface Command {}

  /**
   * Asks or orders something.
   *
   * @param question which, by name
   * @param arguments to it, as JSON
   */
  public record Ask(String question, String arguments, ActorRef<Told> replyTo)
      implements Command, WireMessage {}

  private record Answered(Ask ask, @Nullable String answer, @Nullable Throwable failure)
      implements Command {}

  /**
   * What comes of a question.
   *
   * @param answer JSON; empty where it was refused
   * @param refusal why there is no answer, in a line, or null
   */
  public record Told(String answer, @Nullable String refusal) implements WireMessage {}

  /** Knows the answers. */
  @FunctionalInterface
  public interface Answers {

    /**
     * Answers a question. May wait.
     *
     * @throws IllegalArgumentException when it cannot be answered; the message says why
     */
    String answer(String question, String arguments);
  }

  private final Answers answers;
  private int underWay;

  private NodeAgent(ActorContext<Command> context, Answers answers) {
    super(context);
    this.answers = answers;
  }

  public static Behavior<Command> create(Answers answers) {
    return Behaviors.setup(context -> new NodeAgent(context, answers));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case Ask ask -> onAsk(ask);
      case Answered answered -> onAnswered(answered);
    }
    return this;
  }

  private void onAsk(Ask ask) {
    if (underWay >= MOST_QUESTIONS) {
      ask.replyTo().tell(new Told("", "the node answers too many questions at once; ask again"));
      return;
    }
    underWay++;
    getContext()
        .pipeToSelf(
            CompletableFuture.supplyAsync(
                () -> answers.answer(ask.question(), ask.arguments()), THREADS),
            (answer, failure) -> new Answered(ask, answer, failure));
  }

  private void onAnswered(Answered answered) {
    underWay--;
    answered.ask().replyTo().tell(told(answered));
  }

  private Told told(Answered answered) {
    String answer = answered.answer();
    if (answer == null) {
      return new Told("", reason(answered));
    }
    return answer.length() > MOST_CHARS
        ? new Told("", "the answer is too long for one message; ask for less")
        : new Told(answer, null);
  }

  /** A refusal in its own words; what broke is told to the log alone. */
  private String reason(Answered answered) {
    Throwable failure = answered.failure();
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof IllegalArgumentException) {
      return String.valueOf(cause.getMessage());
    }
    getContext().getLog().error("{} cannot be answered", answered.ask().question(), cause);
    return "the node failed to answer; its log tells why";
  }
}
