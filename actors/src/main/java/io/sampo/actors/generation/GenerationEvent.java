package io.sampo.actors.generation;

import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ReplicaId;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway hears of a request, in order: {@link Admitted}, then {@link Started}, {@link
 * Delta}s and {@link ChoiceFinished} of each answer, then {@link Completed}. {@link Failed} may
 * come at any time, also first, and is the last. These stay inside the gateway's node.
 */
public sealed interface GenerationEvent {

  /**
   * The request has a permit. Credit and a hang-up go to this actor from now on. Costs no credit.
   */
  record Admitted(ActorRef<Generation.Command> generation) implements GenerationEvent {}

  /**
   * A replica has begun with a prompt; from here on the request is accepted. It does not come where
   * nothing is generated.
   *
   * @param promptTokens of all prompts together
   * @param cachedTokens of the prompt that was begun with
   * @param replica that has begun
   * @param route policy and reason of the placement, for the debug header
   * @param bookmark where a client that has read this goes on; empty where it cannot
   */
  record Started(
      int promptTokens, int cachedTokens, ReplicaId replica, String route, String bookmark)
      implements GenerationEvent {

    /** One that cannot be gone on from. */
    public Started(int promptTokens, int cachedTokens, ReplicaId replica, String route) {
      this(promptTokens, cachedTokens, replica, route, "");
    }

    Started at(String place) {
      return new Started(promptTokens, cachedTokens, replica, route, place);
    }
  }

  /**
   * The next piece of one answer.
   *
   * @param choice the answer's number; those to the first prompt come first
   * @param text whole characters; may be empty when only log probabilities are to be told
   * @param tokens log probabilities of the tokens behind this piece; empty when not asked for
   * @param reasoning what the model thought, apart from its answer
   * @param toolCalls pieces of calls, in order
   * @param bookmark where a client that has read this goes on; empty where it cannot
   */
  record Delta(
      int choice,
      String text,
      List<TokenText> tokens,
      String reasoning,
      List<ToolCallPiece> toolCalls,
      String bookmark)
      implements GenerationEvent {

    /** One that cannot be gone on from. */
    public Delta(
        int choice,
        String text,
        List<TokenText> tokens,
        String reasoning,
        List<ToolCallPiece> toolCalls) {
      this(choice, text, tokens, reasoning, toolCalls, "");
    }

    /** Text alone. */
    public Delta(int choice, String text, List<TokenText> tokens) {
      this(choice, text, tokens, "", List.of(), "");
    }

    Delta at(String place) {
      return new Delta(choice, text, tokens, reasoning, toolCalls, place);
    }
  }

  /**
   * The next piece of a call.
   *
   * @param index of the call in its answer
   * @param id in the call's first piece, else null
   * @param name in the call's first piece, else null
   * @param arguments the next piece of the arguments' JSON text
   */
  record ToolCallPiece(int index, @Nullable String id, @Nullable String name, String arguments) {}

  /**
   * The end of one answer.
   *
   * @param reason as the API names it
   * @param stopText that ended it; empty where none did
   * @param bookmark where a client that has read this goes on; empty where it cannot
   */
  record ChoiceFinished(int choice, Reason reason, String stopText, String bookmark)
      implements GenerationEvent {

    /** One that cannot be gone on from. */
    public ChoiceFinished(int choice, Reason reason, String stopText) {
      this(choice, reason, stopText, "");
    }

    /** An end without a stop text. */
    public ChoiceFinished(int choice, Reason reason) {
      this(choice, reason, "", "");
    }

    ChoiceFinished at(String place) {
      return new ChoiceFinished(choice, reason, stopText, place);
    }
  }

  /** The end of the request. */
  record Completed(Usage usage) implements GenerationEvent {}

  /** The end of the request, without an answer or in the middle of one. */
  record Failed(Failure failure) implements GenerationEvent {}

  /** Why an answer ended. */
  enum Reason {
    /** The model's own end, or a stop text. */
    STOP,
    /** The model's own end, after it called tools. */
    TOOL_CALLS,
    /** The token limit or the context's end. */
    LENGTH
  }

  /**
   * Tokens that are to be paid for.
   *
   * @param promptTokens of all prompts, each counted once however many answers it has
   * @param cachedTokens those of them that needed no computing
   * @param completionTokens of all answers together, the ones that ended them included
   * @param reasoningTokens those of them that the model thought with
   */
  record Usage(int promptTokens, int cachedTokens, int completionTokens, int reasoningTokens) {

    /** Usage of a model that does not think. */
    public Usage(int promptTokens, int cachedTokens, int completionTokens) {
      this(promptTokens, cachedTokens, completionTokens, 0);
    }
  }

  /**
   * A token as log probabilities show it.
   *
   * @param bytes what it adds to the text, not always whole characters
   * @param logprob {@link #NO_LOGPROB} where it is not known, as of a prompt's first token
   * @param top the likeliest tokens at this position, likeliest first; null inside such a list, and
   *     where nothing is known
   */
  record TokenText(String text, byte[] bytes, float logprob, @Nullable List<TokenText> top) {

    /** No number, since no number can stand for it. */
    public static final float NO_LOGPROB = Float.NaN;
  }
}
