package io.sampo.actors.generation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AnswerTextTest {

  @Test
  void holdsTheBytesOfACharacterUntilItIsWhole() {
    AnswerText text = new AnswerText(List.of(), false);
    byte[] euro = bytes("€");

    assertThat(append(text, Arrays.copyOf(euro, 1))).isEmpty();
    assertThat(append(text, new byte[] {euro[1]})).isEmpty();
    assertThat(append(text, new byte[] {euro[2], 'x'})).isEqualTo("€x");
  }

  @Test
  void showsAHalfCharacterAtTheEndAsReplaced() {
    AnswerText text = new AnswerText(List.of(), false);
    append(text, Arrays.copyOf(bytes("€"), 2));

    StringBuilder rest = new StringBuilder();
    text.finish(rest);
    assertThat(rest).hasToString("\uFFFD");
  }

  @Test
  void findsAStopTextThatSpansTokens() {
    AnswerText text = new AnswerText(List.of("###"), false);

    assertThat(append(text, bytes("one #"))).isEqualTo("one ");
    assertThat(append(text, bytes("#"))).isEmpty();
    assertThat(append(text, bytes("# two"))).isEmpty();
    assertThat(text.stopped()).isTrue();
  }

  @Test
  void givesBackWhatOnlyLookedLikeAStopText() {
    AnswerText text = new AnswerText(List.of("END."), false);

    assertThat(append(text, bytes("the EN"))).isEqualTo("the ");
    assertThat(append(text, bytes("D?"))).isEqualTo("END?");
    assertThat(text.stopped()).isFalse();
  }

  @Test
  void stopsAtTheEarliestOfSeveralStopTexts() {
    AnswerText text = new AnswerText(List.of("ter", "a"), false);

    assertThat(append(text, bytes("b later"))).isEqualTo("b l");
  }

  @Test
  void keepsTheStopTextWhenAsked() {
    AnswerText text = new AnswerText(List.of("\n\n"), true);

    assertThat(append(text, bytes("a\n\nb"))).isEqualTo("a\n\n");
  }

  /** However a text is cut into tokens, what leaves is the text up to its stop text. */
  @Test
  void theCutIntoTokensNeverShows() {
    String whole = "Grüße, 世界! 🚀 and then STOP and more";
    byte[] bytes = bytes(whole);
    Random random = new Random(7);
    for (int round = 0; round < 2_000; round++) {
      AnswerText text = new AnswerText(List.of("STOP"), false);
      StringBuilder out = new StringBuilder();
      int from = 0;
      while (from < bytes.length && !text.stopped()) {
        int to = Math.min(bytes.length, from + 1 + random.nextInt(6));
        text.append(Arrays.copyOfRange(bytes, from, to), out);
        from = to;
      }
      assertThat(out.toString()).isEqualTo("Grüße, 世界! 🚀 and then ");
    }
  }

  private static String append(AnswerText text, byte[] piece) {
    StringBuilder out = new StringBuilder();
    text.append(piece, out);
    return out.toString();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
