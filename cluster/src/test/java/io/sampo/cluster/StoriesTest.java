package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.openai.client.OpenAIClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** The default model through the whole path, as OpenAI's own Java client sees it. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class StoriesTest {

  private static final String MODEL = StoriesModel.NAME;

  private static TestNode node;
  private static OpenAIClient client;

  @BeforeAll
  static void start() throws Exception {
    node = TestNode.start(TestNode.llamaCpp(MODEL, StoriesModel.file(), 1, true), "");
    client = node.openAi();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  record Greedy(String prompt, String text) {}

  static List<Greedy> greedy() throws Exception {
    try (InputStream in = StoriesTest.class.getResourceAsStream("/stories15m-greedy.json")) {
      return List.of(new JsonMapper().readValue(Objects.requireNonNull(in), Greedy[].class));
    }
  }

  /** The expected texts were written by llama-server on the same file. */
  @ParameterizedTest
  @MethodSource("greedy")
  void greedyTextIsTheOneThatLlamaServerWrites(Greedy expected) {
    Completion completion =
        client
            .completions()
            .create(
                CompletionCreateParams.builder()
                    .model(MODEL)
                    .prompt(expected.prompt())
                    .maxTokens(64)
                    .temperature(0)
                    .build());

    assertThat(completion.choices().getFirst().text()).isEqualTo(expected.text());
  }

  @Test
  void theOfficialClientStreamsAStory() {
    ChatCompletionCreateParams request =
        ChatCompletionCreateParams.builder()
            .model(MODEL)
            .addUserMessage("Once upon a time")
            .maxCompletionTokens(40)
            .temperature(0)
            .build();
    List<ChatCompletionChunk> chunks;
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(request)) {
      chunks = stream.stream().toList();
    }

    String story =
        chunks.stream()
            .flatMap(chunk -> chunk.choices().stream())
            .flatMap(choice -> choice.delta().content().stream())
            .collect(Collectors.joining());
    assertThat(story).startsWith(", there was a little girl named Lily.");
    assertThat(chunks.getLast().choices().getFirst().finishReason())
        .contains(ChatCompletionChunk.Choice.FinishReason.LENGTH);
  }

  @Test
  void theSameSeedTellsTheSameStoryAndAnotherSeedAnother() {
    List<String> stories =
        Stream.of(1L, 1L, 2L)
            .map(
                seed ->
                    client
                        .completions()
                        .create(
                            CompletionCreateParams.builder()
                                .model(MODEL)
                                .prompt("Once upon a time")
                                .maxTokens(30)
                                .temperature(1.0)
                                .seed(seed)
                                .build())
                        .choices()
                        .getFirst()
                        .text())
            .toList();

    assertThat(stories.get(0)).isEqualTo(stories.get(1)).isNotEqualTo(stories.get(2));
  }

  @Test
  void anUnknownModelIsTheClientsNotFoundException() {
    ChatCompletionCreateParams request =
        ChatCompletionCreateParams.builder().model("no-such-model").addUserMessage("hi").build();

    assertThatExceptionOfType(NotFoundException.class)
        .isThrownBy(() -> client.chat().completions().create(request))
        .withMessageContaining("The model 'no-such-model' does not exist");
  }
}
