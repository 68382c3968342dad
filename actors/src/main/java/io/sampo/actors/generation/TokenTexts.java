package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.engines.spi.TextCodec;
import io.sampo.engines.spi.TokenLogprobs;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shows token ids as text. */
final class TokenTexts {

  private TokenTexts() {}

  /**
   * The text of many tokens, special ones by their names.
   *
   * @param enoughBytes where to end, roughly
   */
  static String of(TextCodec codec, int[] ids, int enoughBytes) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < ids.length && bytes.size() <= enoughBytes; i++) {
      bytes.writeBytes(codec.piece(ids[i], true));
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** One token with its log probabilities. */
  static TokenText of(TextCodec codec, int id, TokenLogprobs logprobs) {
    return of(codec, codec.piece(id, true), logprobs);
  }

  /**
   * One token with its log probabilities.
   *
   * @param bytes what it is in the text
   */
  static TokenText of(TextCodec codec, byte[] bytes, TokenLogprobs logprobs) {
    List<TokenText> top = new ArrayList<>(logprobs.topIds().length);
    for (int i = 0; i < logprobs.topIds().length; i++) {
      byte[] other = codec.piece(logprobs.topIds()[i], true);
      top.add(show(other, logprobs.topLogprobs()[i], null));
    }
    return show(bytes, logprobs.chosen(), top);
  }

  private static TokenText show(byte[] bytes, float logprob, @Nullable List<TokenText> top) {
    return new TokenText(new String(bytes, StandardCharsets.UTF_8), bytes, logprob, top);
  }
}
