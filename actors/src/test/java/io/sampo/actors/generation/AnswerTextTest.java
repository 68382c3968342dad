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

    assertThat(text.append(Arrays.copyOf(euro, 1))).isEmpty();
    assertThat(text.append(new byte[] {euro[1]})).isEmpty();
    assertThat(text.append(new byte[] {euro[2], 'x'})).isEqualTo("€x");
  }

  @Test
  void showsAHalfCharacterAtTheEndAsReplaced() {
    AnswerText text = new AnswerText(List.of(), false);
    text.append(Arrays.copyOf(bytes("€"), 2));

    assertThat(text.finish()).isEqualTo("\uFFFD");
  }

  @Test
  void findsAStopTextThatSpansTokens() {
    AnswerText text = new AnswerText(List.of("###"), false);

    assertThat(text.append(bytes("one #"))).isEqualTo("one ");
    assertThat(text.append(bytes("#"))).isEmpty();
    assertThat(text.append(bytes("# two"))).isEmpty();
    assertThat(text.stopped()).isTrue();
  }

  @Test
  void givesBackWhatOnlyLookedLikeAStopText() {
    AnswerText text = new AnswerText(List.of("END."), false);

    assertThat(text.append(bytes("the EN"))).isEqualTo("the ");
    assertThat(text.append(bytes("D?"))).isEqualTo("END?");
    assertThat(text.stopped()).isFalse();
  }

  @Test
  void stopsAtTheEarliestOfSeveralStopTexts() {
    AnswerText text = new AnswerText(List.of("ter", "a"), false);

    assertThat(text.append(bytes("b later"))).isEqualTo("b l");
  }

  @Test
  void keepsTheStopTextWhenAsked() {
    AnswerText text = new AnswerText(List.of("\n\n"), true);

    assertThat(text.append(bytes("a\n\nb"))).isEqualTo("a\n\n");
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
        out.append(text.append(Arrays.copyOfRange(bytes, from, to)));
        from = to;
      }
      assertThat(out.toString()).isEqualTo("Grüße, 世界! 🚀 and then ");
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
