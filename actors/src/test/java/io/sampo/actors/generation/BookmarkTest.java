package io.sampo.actors.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.generation.Bookmark.Mark;
import io.sampo.actors.generation.GenerationEvent.Reason;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands in an event's id, and what may come back as one. */
class BookmarkTest {

  @Test
  void aBookmarkComesBackAsItWasWritten() {
    int[] tail = {0, 127, 128, 151_935, Integer.MAX_VALUE};
    StringBuilder text = new StringBuilder("s0.");
    new Mark(9, null, false, List.of(), tail).write(text, tail);
    text.append(',');
    new Mark(4, Reason.TOOL_CALLS, true, List.of(1, 0, 7, 30), new int[0]).write(text, new int[0]);

    Bookmark bookmark = Bookmark.parse(text.toString()).orElseThrow();
    assertThat(bookmark.stream()).isEqualTo("s0");
    assertThat(bookmark.marks().getFirst().tail()).isEqualTo(tail);
    assertThat(bookmark.marks().getFirst().tokens()).isEqualTo(9);
    assertThat(bookmark.marks().getLast())
        .usingRecursiveComparison()
        .isEqualTo(new Mark(4, Reason.TOOL_CALLS, true, List.of(1, 0, 7, 30), new int[0]));
  }

  @Test
  void aClientThatHasReadNothingNamesTheStreamAlone() {
    assertThat(Bookmark.parse("abc.").orElseThrow()).isEqualTo(new Bookmark("abc", List.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "abc",
        ".1",
        "a b.1",
        "abc.x",
        "abc.1,",
        "abc.-1",
        "abc.1~!",
        "abc.1~gA",
        "abc.0~AA",
        "abc.9~_____w",
        "abc.9999999999",
        "abc.0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
        "abc.1S_1_x"
      })
  void whatIsNoBookmarkIsNone(String text) {
    assertThat(Bookmark.parse(text)).isEmpty();
  }

  @Test
  void noTextBreaksTheReader() {
    Random random = new Random(5);
    String letters = "abc019.,~_-sLT \u00e9";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder("abc.");
      for (int length = random.nextInt(24); length > 0; length--) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      Bookmark.parse(text.toString())
          .ifPresent(
              read ->
                  assertThat(read.marks()).allMatch(mark -> mark.tail().length <= mark.tokens()));
    }
  }
}
