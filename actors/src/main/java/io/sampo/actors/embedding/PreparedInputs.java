package io.sampo.actors.embedding;

import io.sampo.actors.embedding.EmbeddingCall.Inputs;
import io.sampo.actors.embedding.EmbeddingCall.Pairs;
import io.sampo.actors.embedding.EmbeddingCall.Texts;
import io.sampo.actors.embedding.EmbeddingCall.TokenLists;
import io.sampo.actors.wire.Failure;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.TextCodec;
import java.util.ArrayList;
import java.util.List;

/** A request's inputs as token ids, or the reason why they are none. */
sealed interface PreparedInputs {

  /** Ready to be placed. */
  record Ready(List<int[]> inputs, long tokens) implements PreparedInputs {}

  record Refused(Failure failure) implements PreparedInputs {}

  /**
   * Tokenizes; takes a while for long texts.
   *
   * @param maxTokens of all inputs together; a query counts once for each document
   */
  static PreparedInputs of(Inputs inputs, TextCodec codec, int maxTokens) {
    int count =
        switch (inputs) {
          case Texts texts -> texts.texts().size();
          case TokenLists tokens -> tokens.lists().size();
          case Pairs pairs -> pairs.documents().size();
        };
    List<int[]> all = new ArrayList<>(count);
    long tokens = 0;
    for (int n = 0; n < count; n++) {
      int[] ids;
      try {
        ids = ids(inputs, n, codec);
      } catch (EngineException refused) {
        return new Refused(
            Failure.invalidValue(inputs.param(n), String.valueOf(refused.getMessage())));
      }
      if (ids.length == 0) {
        return new Refused(Failure.emptyPrompt(inputs.param(n)));
      }
      for (int id : ids) {
        if (id < 0 || id >= codec.vocabularySize()) {
          return new Refused(Failure.invalidTokenId(inputs.param(n), id, codec.vocabularySize()));
        }
      }
      tokens += ids.length;
      if (tokens > maxTokens) {
        return new Refused(
            Failure.invalidValue(
                inputs instanceof Pairs ? "documents" : "input",
                "all inputs together may have " + maxTokens + " tokens; send fewer at a time"));
      }
      all.add(ids);
    }
    return new Ready(all, tokens);
  }

  private static int[] ids(Inputs inputs, int n, TextCodec codec) {
    return switch (inputs) {
      case Texts texts -> codec.tokenize(texts.texts().get(n), true, true);
      case TokenLists tokens -> tokens.lists().get(n);
      case Pairs pairs -> codec.rankInput(pairs.query(), pairs.documents().get(n));
    };
  }
}
