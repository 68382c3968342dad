package io.sampo.actors.embedding;

import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.RequestId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * What HTTP brought, decoded and checked as far as that is possible without the model.
 *
 * @param priority how urgent it is, see {@link io.sampo.engines.spi.Priority}
 * @param timeout from now to the last vector
 * @param left done when nobody waits for the reply any more, with the reason
 */
public record EmbeddingCall(
    RequestId id,
    ModelId model,
    Inputs inputs,
    int priority,
    Duration timeout,
    CompletionStage<Failure> left) {

  /** The forms inputs come in; there is at least one. */
  public sealed interface Inputs {

    /** The field of input number n, as a client wrote it. */
    String param(int n);
  }

  /**
   * Texts to embed.
   *
   * @param single whether the client sent one text and no list
   */
  public record Texts(List<String> texts, boolean single) implements Inputs {

    @Override
    public String param(int n) {
      return single ? "input" : "input[" + n + "]";
    }
  }

  /** Token ids to embed; they are checked against the vocabulary before anything else sees them. */
  public record TokenLists(List<int[]> lists, boolean single) implements Inputs {

    @Override
    public String param(int n) {
      return single ? "input" : "input[" + n + "]";
    }
  }

  /** A query and the documents to rank for it. */
  public record Pairs(String query, List<String> documents) implements Inputs {

    @Override
    public String param(int n) {
      return "documents[" + n + "]";
    }
  }
}
