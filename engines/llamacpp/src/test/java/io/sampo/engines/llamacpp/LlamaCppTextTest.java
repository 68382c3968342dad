package io.sampo.engines.llamacpp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.ChatRequest;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.TextCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlamaCppTextTest {

  private static final String TEMPLATE =
      "{{ bos_token }}{% for message in messages %}[{{ message.role }}] {{ message.content }}\n"
          + "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

  private static final String MESSAGES =
      """
      [{"role":"system","content":"Be brief."},
       {"role":"user","content":[{"type":"text","text":"Hi"},{"type":"text","text":"you"}]}]
      """;

  private final LlamaCppProvider provider = new LlamaCppProvider();

  @TempDir Path folder;

  private static String text(TextCodec codec, int[] tokens, boolean special) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int token : tokens) {
      bytes.writeBytes(codec.piece(token, special));
    }
    return bytes.toString(UTF_8);
  }

  @Test
  void givesBackTheTextThatWasTokenized() throws IOException {
    try (TextCodec codec = provider.openText(TestModels.tiny(folder))) {
      for (String text : new String[] {"baba yaga", "Grüße 🎈 \u0000\n", "  two  spaces ", ""}) {
        int[] tokens = codec.tokenize(text, false, false);
        assertThat(text(codec, tokens, false)).isEqualTo(text.isEmpty() ? "" : " " + text);
      }
      assertThat(codec.vocabularySize()).isEqualTo(512);
      assertThat(codec.trainedContextTokens()).isEqualTo(256);
    }
  }

  @Test
  void showsSpecialTokensOnlyWhenAsked() throws IOException {
    try (TextCodec codec = provider.openText(TestModels.tiny(folder))) {
      assertThat(codec.tokenize("a", true, false)).startsWith(1);
      assertThat(codec.tokenize("</s>", false, true)).endsWith(2);
      assertThat(codec.tokenize("</s>", false, false)).doesNotContain(2);
      assertThat(codec.piece(2, false)).isEmpty();
      assertThat(codec.piece(2, true)).asString(UTF_8).isEqualTo("</s>");
      assertThat(codec.endsText(2)).isTrue();
      assertThat(codec.endsText(1)).isFalse();
    }
  }

  @Test
  void rendersAConversationByTheModelsTemplate() throws IOException {
    try (TextCodec codec = provider.openText(TestModels.chatting(folder, TEMPLATE))) {
      assertThat(codec.hasChatTemplate()).isTrue();
      ChatPrompt prompt = codec.applyChatTemplate(ChatRequest.of(MESSAGES));
      assertThat(prompt.text()).isEqualTo("[system] Be brief.\n[user] Hi\nyou\n[assistant]");
      assertThat(codec.tokenize(prompt.text(), prompt.addSpecial(), true)).startsWith(1);
    }
  }

  @Test
  void joinsMessagesOfAModelWithoutATemplate() throws IOException {
    try (TextCodec codec = provider.openText(TestModels.tiny(folder))) {
      assertThat(codec.hasChatTemplate()).isFalse();
      ChatPrompt prompt = codec.applyChatTemplate(ChatRequest.of(MESSAGES));
      assertThat(prompt.text()).isEqualTo("Be brief.\nHi\nyou");
      assertThat(prompt.addSpecial()).isTrue();
      assertInvalid(() -> codec.applyChatTemplate(ChatRequest.of("{")));
      assertInvalid(() -> codec.applyChatTemplate(ChatRequest.of("{}")));
    }
  }

  @Test
  void tellsWhenTheTemplateRefusesMessages() throws IOException {
    String refusing = "{{ raise_exception('roles must alternate') }}";
    Path model =
        TestModels.chatting(
            folder, TEMPLATE + "{% if messages|length > 1 %}" + refusing + "{% endif %}");
    try (TextCodec codec = provider.openText(model)) {
      assertThatThrownBy(() -> codec.applyChatTemplate(ChatRequest.of(MESSAGES)))
          .isInstanceOfSatisfying(
              EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_REQUEST))
          .hasMessageContaining("roles must alternate");
    }
  }

  @Test
  void servesManyThreadsUntilItIsClosed() throws Exception {
    TextCodec codec = provider.openText(TestModels.tiny(folder));
    CountDownLatch busy = new CountDownLatch(4);
    try (var threads = Executors.newFixedThreadPool(4)) {
      var readers =
          IntStream.range(0, 4)
              .<Future<?>>mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            for (int round = 0; ; round++) {
                              codec.tokenize("some text to read", true, false);
                              if (round == 100) {
                                busy.countDown();
                              }
                            }
                          }))
              .toList();
      busy.await();
      codec.close();
      for (Future<?> reader : readers) {
        assertThatThrownBy(reader::get)
            .cause()
            .isInstanceOfSatisfying(
                EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CLOSED));
      }
    }
  }

  private static void assertInvalid(Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_REQUEST));
  }
}
