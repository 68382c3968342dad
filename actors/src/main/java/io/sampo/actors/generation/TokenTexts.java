package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.engines.spi.TextCodec;
import io.sampo.engines.spi.TokenLogprobs;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shows token ids as text, for log probabilities. */
final class TokenTexts {

  private TokenTexts() {}

  static TokenText of(TextCodec codec, int id, TokenLogprobs logprobs) {
    List<TokenText> top = new ArrayList<>(logprobs.topIds().length);
    for (int i = 0; i < logprobs.topIds().length; i++) {
      top.add(show(codec, logprobs.topIds()[i], logprobs.topLogprobs()[i], null));
    }
    return show(codec, id, logprobs.chosen(), top);
  }

  private static TokenText show(
      TextCodec codec, int id, float logprob, @Nullable List<TokenText> top) {
    byte[] bytes = codec.piece(id, true);
    return new TokenText(new String(bytes, StandardCharsets.UTF_8), bytes, logprob, top);
  }
}
