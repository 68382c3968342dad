package io.sampo.actors.generation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.engines.spi.TextCodec;
import io.sampo.engines.spi.TokenLogprobs;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Shows a prompt's tokens, in their order, as what they are of the text that an answer begins with.
 * A tokenizer may have put a begin token before it, or a space, of which the text knows nothing.
 */
final class EchoedTokens {

  private final TextCodec codec;
  private final byte[] text;
  private int at;

  EchoedTokens(TextCodec codec, String text) {
    this.codec = codec;
    this.text = text.getBytes(UTF_8);
  }

  /**
   * The next token.
   *
   * @param logprobs null where nothing stands before it that could tell its chance
   */
  TokenText next(int id, @Nullable TokenLogprobs logprobs) {
    byte[] bytes = inText(codec.piece(id, true));
    at += bytes.length;
    return logprobs == null
        ? new TokenText(new String(bytes, UTF_8), bytes, TokenText.NO_LOGPROB, null)
        : TokenTexts.of(codec, bytes, logprobs);
  }

  private byte[] inText(byte[] piece) {
    for (int skipped = 0; skipped <= 1 && skipped < piece.length; skipped++) {
      int length = piece.length - skipped;
      boolean there = at + length <= text.length;
      if (there && Arrays.equals(piece, skipped, piece.length, text, at, at + length)) {
        return Arrays.copyOfRange(piece, skipped, piece.length);
      }
      if (piece[0] != ' ') {
        break;
      }
    }
    return new byte[0];
  }
}
