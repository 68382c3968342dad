package io.sampo.actors.replica;

import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.EmbeddingListener;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.TokenLogprobs;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** Carries one sequence's tokens or vectors from the engine's thread to who asked for them. */
final class EngineStream implements SequenceListener, EmbeddingListener {

  private final SequenceKey key;
  private final Engine engine;
  private final ActorRef<Replica.Event> replyTo;
  private final ActorRef<Replica.Command> replica;
  private final @Nullable Transcript transcript;
  private int nextIndex;

  /**
   * @param firstIndex of the first token that comes
   * @param transcript where the tokens are noted as well, if anywhere
   */
  EngineStream(
      SequenceKey key,
      int firstIndex,
      Engine engine,
      ActorRef<Replica.Event> replyTo,
      ActorRef<Replica.Command> replica,
      @Nullable Transcript transcript) {
    this.key = key;
    nextIndex = firstIndex;
    this.engine = engine;
    this.replyTo = replyTo;
    this.replica = replica;
    this.transcript = transcript;
  }

  @Override
  public void onStarted(int cachedTokens) {
    replyTo.tell(new Replica.Begun(key, cachedTokens));
  }

  @Override
  public void onTokens(int firstIndex, int[] ids, TokenLogprobs @Nullable [] logprobs) {
    nextIndex = firstIndex + ids.length;
    replyTo.tell(new Replica.Tokens(key, firstIndex, ids, logprobs));
    if (transcript != null) {
      note(transcript, ids);
    }
  }

  private void note(Transcript noted, int[] ids) {
    if (noted.longPromptEnds()) {
      replica.tell(new Replica.PromptComputed(key, noted.tokens()));
    }
    noted.add(ids);
  }

  @Override
  public void onVector(int input, float[] vector) {
    replyTo.tell(new Replica.Vector(key, input, vector));
  }

  @Override
  public void onFinished(FinishReason reason) {
    replyTo.tell(new Replica.Finished(key, reason, nextIndex));
    ended(transcript == null ? null : transcript.tokens());
  }

  @Override
  public void onFailed(EngineException failure) {
    if (failure.kind() == EngineException.Kind.INVALID_REQUEST) {
      replyTo.tell(new Replica.Rejected(key, String.valueOf(failure.getMessage())));
      ended(null);
      return;
    }
    replyTo.tell(new Replica.Broken(key));
    ended(null);
    replica.tell(new Replica.EngineBroke(engine));
  }

  private void ended(int @Nullable [] tokens) {
    replica.tell(new Replica.SequenceEnded(key, tokens));
  }
}
