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
record EngineStream(
    SequenceKey key,
    Engine engine,
    ActorRef<Replica.Event> replyTo,
    ActorRef<Replica.Command> replica)
    implements SequenceListener, EmbeddingListener {

  @Override
  public void onStarted(int cachedTokens) {
    replyTo.tell(new Replica.Begun(key, cachedTokens));
  }

  @Override
  public void onTokens(int firstIndex, int[] ids, TokenLogprobs @Nullable [] logprobs) {
    replyTo.tell(new Replica.Tokens(key, firstIndex, ids, logprobs));
  }

  @Override
  public void onVector(int input, float[] vector) {
    replyTo.tell(new Replica.Vector(key, input, vector));
  }

  @Override
  public void onFinished(FinishReason reason) {
    replyTo.tell(new Replica.Finished(key, reason));
    replica.tell(new Replica.SequenceEnded(key));
  }

  @Override
  public void onFailed(EngineException failure) {
    if (failure.kind() == EngineException.Kind.INVALID_REQUEST) {
      replyTo.tell(new Replica.Rejected(key, String.valueOf(failure.getMessage())));
      replica.tell(new Replica.SequenceEnded(key));
      return;
    }
    replyTo.tell(new Replica.Broken(key));
    replica.tell(new Replica.SequenceEnded(key));
    replica.tell(new Replica.EngineBroke(engine));
  }
}
