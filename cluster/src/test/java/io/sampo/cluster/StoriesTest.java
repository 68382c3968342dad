package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.openai.client.OpenAIClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionTokenLogprob;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

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

  /** The expected texts were written by llama-server on the same file. */
  @ParameterizedTest
  @MethodSource("io.sampo.cluster.StoriesModel#greedy")
  void greedyTextIsTheOneThatLlamaServerWrites(StoriesModel.Greedy expected) {
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

  /** What llama-server says of the same tokens: each likeliest one, then the second likeliest. */
  private static final double[][] CHANCES = {
    {-0.034684, -3.414591}, {-0.103207, -2.621764}, {-0.012381, -4.721495}, {-0.012710, -4.384769}
  };

  @Test
  void aChatTellsTheLikeliestTokensAndTheirChancesAsLlamaServerDoes() {
    ChatCompletion answer =
        client
            .chat()
            .completions()
            .create(
                ChatCompletionCreateParams.builder()
                    .model(MODEL)
                    .addUserMessage("Once upon a time")
                    .maxCompletionTokens(CHANCES.length)
                    .temperature(0)
                    .logprobs(true)
                    .topLogprobs(2)
                    .build());

    ChatCompletion.Choice choice = answer.choices().getFirst();
    List<ChatCompletionTokenLogprob> told = choice.logprobs().orElseThrow().content().orElseThrow();
    assertThat(told)
        .extracting(ChatCompletionTokenLogprob::token)
        .containsExactly(",", " there", " was", " a");
    assertThat(choice.message().content()).contains(", there was a");
    for (int i = 0; i < CHANCES.length; i++) {
      ChatCompletionTokenLogprob token = told.get(i);
      assertThat(token.logprob()).isCloseTo(CHANCES[i][0], within(0.01));
      assertThat(token.topLogprobs()).hasSize(2);
      assertThat(token.topLogprobs().getFirst().token()).isEqualTo(token.token());
      assertThat(token.topLogprobs().getFirst().logprob()).isEqualTo(token.logprob());
      assertThat(token.topLogprobs().get(1).logprob()).isCloseTo(CHANCES[i][1], within(0.05));
    }
    assertThat(told.getFirst().topLogprobs().get(1).token()).isEqualTo(" there");
    assertThat(told.getFirst().bytes().orElseThrow()).containsExactly((long) ',');
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
