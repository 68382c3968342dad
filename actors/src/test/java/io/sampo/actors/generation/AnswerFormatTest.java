package io.sampo.actors.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.generation.GenerationEvent.ToolCallPiece;
import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.ChatRequest;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.ParsedAnswer;
import io.sampo.engines.spi.ParsedAnswer.ToolCall;
import io.sampo.engines.spi.TextCodec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerFormatTest {

  /**
   * Reasoning up to {@code |}, then content, then calls: {@code ^name:arguments}. Text with {@code
   * !} obeys no format.
   */
  private static final class Bars implements TextCodec {

    @Override
    public ParsedAnswer parseAnswer(String format, String text, boolean partial) {
      if (text.contains("!")) {
        throw new EngineException(EngineException.Kind.INVALID_REQUEST, "no such format");
      }
      String[] parts = text.split("\\^", -1);
      int bar = parts[0].indexOf('|');
      List<ToolCall> calls = new ArrayList<>();
      for (int i = 1; i < parts.length; i++) {
        int colon = parts[i].indexOf(':');
        calls.add(
            colon < 0
                ? new ToolCall("", parts[i], "")
                : new ToolCall("", parts[i].substring(0, colon), parts[i].substring(colon + 1)));
      }
      return new ParsedAnswer(
          bar < 0 ? "" : parts[0].substring(bar + 1),
          bar < 0 ? parts[0] : parts[0].substring(0, bar),
          calls);
    }

    @Override
    public int vocabularySize() {
      return 0;
    }

    @Override
    public int trainedContextTokens() {
      return 0;
    }

    @Override
    public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
      return new int[0];
    }

    @Override
    public byte[] piece(int token, boolean special) {
      return new byte[0];
    }

    @Override
    public boolean endsText(int token) {
      return false;
    }

    @Override
    public boolean hasChatTemplate() {
      return true;
    }

    @Override
    public ChatPrompt applyChatTemplate(ChatRequest request) {
      return new ChatPrompt("", false, List.of());
    }

    @Override
    public String grammarOf(String jsonSchema) {
      return "";
    }

    @Override
    public int[] rankInput(String query, String document) {
      return new int[0];
    }

    @Override
    public void close() {}
  }

  private final AnswerFormat format = new AnswerFormat(new Bars(), "bars");

  /** Late enough for a parser that rested. */
  private long later = Long.MIN_VALUE;

  private AnswerPieces append(String more) {
    later = later == Long.MIN_VALUE ? 0 : later + 1_000_000_000_000L;
    return format.append(more, later);
  }

  @Test
  void tellsEachKindOnceAsItGrows() {
    assertThat(append("think")).isEqualTo(new AnswerPieces("", "think", List.of()));
    assertThat(format.reasonsStill()).isTrue();
    assertThat(append("ing|so")).isEqualTo(new AnswerPieces("so", "ing", List.of()));
    assertThat(format.reasonsStill()).isFalse();
    assertThat(append("^f").isEmpty()).as("the name may not be whole").isTrue();
    ToolCallPiece first = append("oo:{").toolCalls().getFirst();
    assertThat(first.name()).isEqualTo("foo");
    assertThat(first.id()).startsWith("call_");
    assertThat(first.arguments()).isEqualTo("{");
    assertThat(append("}^bar:{}").toolCalls())
        .satisfiesExactly(
            more -> assertThat(more).isEqualTo(new ToolCallPiece(0, null, null, "}")),
            other -> assertThat(other.name()).isEqualTo("bar"));
    assertThat(format.finish("", true).isEmpty()).isTrue();
    assertThat(format.calledTools()).isTrue();
  }

  @Test
  void restsAfterAParseAndTellsTheRestAtTheEnd() {
    assertThat(format.append("a|b", 0).text()).isEqualTo("b");
    assertThat(format.append("c", 0)).isEqualTo(AnswerPieces.NONE);
    assertThat(format.finish("d", true).text()).isEqualTo("cd");
  }

  @Test
  void losesNothingOfAnAnswerThatObeysNoFormat() {
    assertThat(append("|well").text()).isEqualTo("well");
    assertThat(append("!").isEmpty()).isTrue();
    assertThat(format.finish("?", true).text()).isEqualTo("!?");
  }

  @Test
  void givesDeeplyNestedTextToNoParser() {
    String deep = "[".repeat(AnswerFormat.MAX_NESTING + 1);
    assertThat(append(deep).isEmpty()).isTrue();
    assertThat(format.finish("", true).text()).isEqualTo(deep);
  }
}
