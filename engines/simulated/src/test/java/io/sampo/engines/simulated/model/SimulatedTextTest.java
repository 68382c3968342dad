package io.sampo.engines.simulated.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.ChatRequest;
import io.sampo.engines.spi.EngineException;
import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.Test;

class SimulatedTextTest {

  private static final String MESSAGES =
      """
      [{"role": "system", "content": "Be brief."},
       {"role": "user", "content": [{"type": "text", "text": "Hé"}, {"type": "text", "text": "!"}]}]
      """;

  private final SimulatedText plain = new SimulatedText(false);
  private final SimulatedText chat = new SimulatedText(true);

  @Test
  void givesBackTheTextItTokenized() {
    String text = "Grüße, 日本 🦙\r\n<|im_end|> <|not a token|>";
    assertThat(decode(plain.tokenize(text, true, false), false)).isEqualTo(text);
    assertThat(decode(plain.tokenize(text, true, true), true)).isEqualTo(text);
  }

  @Test
  void readsTheNamesOfSpecialTokensOnlyWhenToldTo() {
    assertThat(plain.tokenize("a<|im_end|>b", false, true))
        .containsExactly('a', SimulatedVocabulary.MESSAGE_END, 'b');
    assertThat(plain.tokenize("<|im_end|>", false, false)).hasSize(10);
    assertThat(plain.piece(SimulatedVocabulary.END, false)).isEmpty();
    assertThat(plain.endsText(SimulatedVocabulary.END)).isTrue();
    assertThat(plain.endsText('a')).isFalse();
  }

  @Test
  void rendersChatMlOrJoinsTheTexts() {
    ChatPrompt rendered = chat.applyChatTemplate(ChatRequest.of(MESSAGES));
    assertThat(rendered.text())
        .isEqualTo(
            """
            <|im_start|>system
            Be brief.<|im_end|>
            <|im_start|>user
            Hé!<|im_end|>
            <|im_start|>assistant
            """);
    assertThat(rendered.stops()).containsExactly("<|im_end|>");
    assertThat(plain.applyChatTemplate(ChatRequest.of(MESSAGES)).text()).isEqualTo("Be brief.Hé!");
    assertThat(plain.hasChatTemplate()).isFalse();
  }

  @Test
  void refusesMessagesThatAreNone() {
    assertThatThrownBy(() -> chat.applyChatTemplate(ChatRequest.of("{")))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("not JSON");
    assertThatThrownBy(() -> chat.applyChatTemplate(ChatRequest.of("{}")))
        .hasMessageContaining("JSON array");
  }

  private String decode(int[] ids, boolean special) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int id : ids) {
      bytes.writeBytes(plain.piece(id, special));
    }
    return bytes.toString(UTF_8);
  }
}
