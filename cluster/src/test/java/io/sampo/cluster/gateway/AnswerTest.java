package io.sampo.cluster.gateway;

import static io.sampo.cluster.gateway.TestGateway.ASK;
import static io.sampo.cluster.gateway.TestGateway.ASK_STREAM;
import static io.sampo.cluster.gateway.TestGateway.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.generation.Generation;
import io.sampo.actors.generation.GenerationEvent.ChoiceFinished;
import io.sampo.actors.generation.GenerationEvent.Completed;
import io.sampo.actors.generation.GenerationEvent.Delta;
import io.sampo.actors.generation.GenerationEvent.Reason;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.actors.generation.GenerationEvent.ToolCallPiece;
import io.sampo.actors.generation.GenerationEvent.Usage;
import io.sampo.actors.generation.GenerationRequest;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.ScriptedAdmission.Talk;
import io.sampo.cluster.gateway.http.ApiKeys;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** What clients read of what generations say. */
@Timeout(60)
class AnswerTest {

  private static final String COMPLETIONS = "/v1/completions";

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway = new TestGateway("cluster.gateway.keep-alive = 200 ms", ApiKeys.open());
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @BeforeEach
  void reset() {
    gateway.admission.reset();
  }

  @Test
  void streamsRoleThenTextThenReasonThenDone() throws Exception {
    gateway.admission.answerBy(talk -> talk.answer("Once", " upon"));
    HttpResponse<String> answer = gateway.send(gateway.post(CHAT, ASK_STREAM));
    assertThat(answer.headers().firstValue("content-type")).contains("text/event-stream");
    assertThat(answer.headers().firstValue("cache-control")).contains("no-cache");
    List<String> data = data(answer.body());
    assertThat(data.getLast()).isEqualTo("[DONE]");
    assertThat(choices(data))
        .containsExactly(
            "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}",
            "{\"index\":0,\"delta\":{\"content\":\"Once\"},\"logprobs\":null,\"finish_reason\":null}",
            "{\"index\":0,\"delta\":{\"content\":\""
                + " upon\"},\"logprobs\":null,\"finish_reason\":null}",
            "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}");
  }

  @Test
  void letsNoTextForgeAnEvent() throws Exception {
    String evil =
        "a\rb\n\ndata: [DONE]\n\nevent: x\n\n\u2028\u2029\u0000\"\\ \u00e9\u20ac\ud83d\ude00";
    gateway.admission.answerBy(talk -> talk.answer(evil));
    String body = gateway.send(gateway.post(CHAT, ASK_STREAM)).body();
    assertThat(body).doesNotContain("\r").doesNotContain("\u2028").doesNotContain("\u0000");
    assertThat(body.lines().filter(line -> line.equals("data: [DONE]"))).hasSize(1);
    assertThat(body.lines()).allMatch(line -> line.isEmpty() || line.startsWith("data: "));
    assertThat(streamedText(body)).isEqualTo(evil);
    JsonNode whole = gateway.json(gateway.post(CHAT, ASK));
    assertThat(whole.at("/choices/0/message/content").stringValue()).isEqualTo(evil);
  }

  @Test
  void tellsTheUsageOnceAtTheEndWhenAsked() throws Exception {
    gateway.admission.answerBy(talk -> talk.answer("a", "b"));
    String ask =
        ASK_STREAM.replace(
            "{\"stream\"", "{\"stream_options\":{\"include_usage\":true},\"stream\"");
    List<String> data = data(gateway.send(gateway.post(CHAT, ask)).body());
    JsonNode last = TestGateway.JSON.readTree(data.get(data.size() - 2));
    assertThat(last.get("choices").isEmpty()).isTrue();
    assertThat(last.get("usage").toString())
        .isEqualTo(
            "{\"prompt_tokens\":7,\"completion_tokens\":2,\"total_tokens\":9,"
                + "\"prompt_tokens_details\":{\"cached_tokens\":3}}");
    assertThat(TestGateway.JSON.readTree(data.getFirst()).get("usage").isNull()).isTrue();
  }

  @Test
  void tellsReasoningAndToolCallsApartFromText() throws Exception {
    gateway.admission.answerBy(
        talk ->
            talk.started()
                .say(new Delta(0, "", List.of(), "hm", List.of()))
                .say(
                    new Delta(
                        0, "", List.of(), "", List.of(new ToolCallPiece(0, "c1", "f", "{\"a\""))))
                .say(
                    new Delta(
                        0,
                        "",
                        List.of(),
                        "",
                        List.of(
                            new ToolCallPiece(0, null, null, ":1}"),
                            new ToolCallPiece(1, "c2", "g", "{}"))))
                .finished(0, Reason.TOOL_CALLS)
                .say(new Completed(new Usage(7, 3, 9, 2))));
    assertThat(choices(data(gateway.send(gateway.post(CHAT, ASK_STREAM)).body())))
        .containsExactly(
            "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}",
            "{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"},\"logprobs\":null,\"finish_reason\":null}",
            "{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\"\"}}]},\"logprobs\":null,\"finish_reason\":null}",
            "{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}},{\"index\":1,\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]},\"logprobs\":null,\"finish_reason\":null}",
            "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"tool_calls\"}");
    JsonNode whole = gateway.json(gateway.post(CHAT, ASK));
    assertThat(whole.at("/choices/0/message").toString())
        .isEqualTo(
            "{\"role\":\"assistant\",\"content\":null,\"refusal\":null,\"reasoning_content\":\"hm\",\"tool_calls\":["
                + "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}},"
                + "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]}");
    assertThat(whole.at("/usage/completion_tokens_details/reasoning_tokens").intValue())
        .isEqualTo(2);
  }

  @Test
  void putsEachChoicesTextTogether() throws Exception {
    gateway.admission.answerBy(
        talk ->
            talk.started()
                .text(1, "B")
                .text(0, "A")
                .finished(0, Reason.STOP)
                .text(1, "b")
                .finished(1, Reason.LENGTH)
                .completed(3));
    JsonNode choices =
        gateway
            .json(gateway.post(CHAT, ASK.replace("{\"model\"", "{\"n\":2,\"model\"")))
            .get("choices");
    assertThat(choices.at("/0/message/content").stringValue()).isEqualTo("A");
    assertThat(choices.at("/1/message/content").stringValue()).isEqualTo("Bb");
    assertThat(choices.at("/1/finish_reason").stringValue()).isEqualTo("length");
  }

  @Test
  void tellsLogprobsInBothShapes() throws Exception {
    byte[] bytes = "hi".getBytes(StandardCharsets.UTF_8);
    TokenText other = new TokenText("ho", bytes, Float.NEGATIVE_INFINITY, null);
    TokenText token = new TokenText("hi", bytes, -0.5f, List.of(other));
    gateway.admission.answerBy(
        talk ->
            talk.started()
                .say(new Delta(0, "hi", List.of(token)))
                .finished(0, Reason.STOP)
                .completed(1));
    assertThat(
            gateway
                .json(
                    gateway.post(
                        CHAT,
                        ASK.replace(
                            "{\"model\"", "{\"logprobs\":true,\"top_logprobs\":1,\"model\"")))
                .at("/choices/0/logprobs")
                .toString())
        .isEqualTo(
            "{\"content\":[{\"token\":\"hi\",\"logprob\":-0.5,\"bytes\":[104,105],\"top_logprobs\":"
                + "[{\"token\":\"ho\",\"logprob\":-9999.0,\"bytes\":[104,105]}]}],\"refusal\":null}");
    assertThat(
            gateway
                .json(gateway.post("/v1/completions", "{\"prompt\":\"x\",\"logprobs\":1}"))
                .at("/choices/0/logprobs")
                .toString())
        .isEqualTo(
            "{\"tokens\":[\"hi\"],\"token_logprobs\":[-0.5],\"top_logprobs\":[{\"ho\":-9999.0}],"
                + "\"text_offset\":[0]}");
  }

  @Test
  void handsOnWhatTheRequestAsksFor() throws Exception {
    var answer =
        gateway.client.sendAsync(
            gateway
                .post(
                    CHAT,
                    """
                    {"messages":[{"role":"developer","content":[{"type":"text","text":"be "},{"type":"text","text":"brief"}]},
                     {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
                     {"role":"tool","tool_call_id":"c","content":"7"}],
                     "temperature":0,"top_k":-1,"seed":-5,"stop":["x","y"],"max_tokens":9,"max_completion_tokens":5,
                     "logit_bias":{"65":-100},"repetition_penalty":1.5,"ignore_eos":true,"prompt_cache_key":"chat-1"}
                    """)
                .header("x-request-timeout-ms", "1500")
                .header("x-request-id", "mine.1")
                .build(),
            HttpResponse.BodyHandlers.ofString());
    Talk talk = gateway.admission.next();
    GenerationRequest request = talk.request;
    talk.answer("ok");
    assertThat(request.prompts())
        .containsExactly(
            new GenerationRequest.Messages(
                "[{\"role\":\"system\",\"content\":\"be brief\"},"
                    + "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"type\":\"function\",\"id\":\"c\","
                    + "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
                    + "{\"role\":\"tool\",\"content\":\"7\",\"tool_call_id\":\"c\"}]"));
    assertThat(request.maxTokens()).isEqualTo(5);
    assertThat(request.stops()).containsExactly("x", "y");
    assertThat(request.session()).isEqualTo("chat-1");
    assertThat(request.timeout()).isEqualTo(Duration.ofMillis(1500));
    assertThat(request.sampling().temperature()).isZero();
    assertThat(request.sampling().topK()).isZero();
    assertThat(request.sampling().topP()).isEqualTo(0.95f);
    assertThat(request.sampling().seed()).isEqualTo(-5);
    assertThat(request.sampling().repeatPenalty()).isEqualTo(1.5f);
    assertThat(request.sampling().logitBiasIds()).containsExactly(65);
    assertThat(request.sampling().ignoreEndOfText()).isTrue();
    assertThat(request.sampling().topLogprobs()).isEqualTo(-1);
    assertThat(answer.get().headers().firstValue("x-request-id")).contains("mine.1");
    assertThat(answer.get().headers().firstValue("x-sampo-chat-template")).contains("none");
    assertThat(answer.get().headers().firstValue("x-sampo-replica")).contains("m#0");
  }

  @Test
  void readsEveryFormOfAPrompt() throws Exception {
    List<String> heard = new CopyOnWriteArrayList<>();
    gateway.admission.answerBy(
        talk -> {
          heard.add(
              talk.request.prompts().stream()
                      .map(
                          prompt ->
                              prompt instanceof GenerationRequest.Tokens(int[] ids)
                                  ? Arrays.toString(ids)
                                  : prompt.toString())
                      .collect(Collectors.joining("+"))
                  + (talk.request.echo() ? " echo " : " ")
                  + talk.request.maxTokens());
          talk.answer("ok");
        });
    for (String fields :
        List.of(
            "\"prompt\":\"a\"",
            "\"prompt\":[1,2]",
            "\"prompt\":[\"a\"],\"n\":2,\"best_of\":2",
            "\"prompt\":[\"a\",\"b\"],\"echo\":true,\"max_tokens\":0",
            "\"prompt\":[[1],[2,3]],\"user\":\"u\",\"metadata\":{},\"store\":true,\"service_tier\":\"auto\"")) {
      assertThat(gateway.send(gateway.post(COMPLETIONS, "{" + fields + "}")).statusCode())
          .isEqualTo(200);
    }
    assertThat(heard)
        .containsExactly(
            "Text[text=a] 16",
            "[1, 2] 16",
            "Text[text=a] 16",
            "Text[text=a]+Text[text=b] echo 0",
            "[1]+[2, 3] 16");
  }

  @Test
  void numbersTheAnswersOfSeveralPromptsThroughout() throws Exception {
    gateway.admission.answerBy(
        talk ->
            talk.started()
                .text(3, "d")
                .text(0, "a")
                .text(2, "c")
                .text(1, "b")
                .finished(0, Reason.STOP)
                .finished(1, Reason.STOP)
                .finished(2, Reason.LENGTH)
                .finished(3, Reason.STOP)
                .completed(4));
    String ask = "{\"prompt\":[\"x\",\"y\"],\"n\":2,\"stream\":%s}";
    JsonNode whole = gateway.json(gateway.post(COMPLETIONS, ask.formatted(false)));
    assertThat(whole.get("choices").toString())
        .isEqualTo(
            "[{\"index\":0,\"text\":\"a\",\"logprobs\":null,\"finish_reason\":\"stop\"},"
                + "{\"index\":1,\"text\":\"b\",\"logprobs\":null,\"finish_reason\":\"stop\"},"
                + "{\"index\":2,\"text\":\"c\",\"logprobs\":null,\"finish_reason\":\"length\"},"
                + "{\"index\":3,\"text\":\"d\",\"logprobs\":null,\"finish_reason\":\"stop\"}]");
    String body = gateway.send(gateway.post(COMPLETIONS, ask.formatted(true))).body();
    assertThat(choices(data(body)).subList(0, 4))
        .containsExactly(
            "{\"index\":3,\"text\":\"d\",\"logprobs\":null,\"finish_reason\":null}",
            "{\"index\":0,\"text\":\"a\",\"logprobs\":null,\"finish_reason\":null}",
            "{\"index\":2,\"text\":\"c\",\"logprobs\":null,\"finish_reason\":null}",
            "{\"index\":1,\"text\":\"b\",\"logprobs\":null,\"finish_reason\":null}");
  }

  @Test
  void answersAGapInLlamaServersShape() throws Exception {
    gateway.admission.answerBy(
        talk ->
            talk.started()
                .text(0, "a")
                .text(0, "b")
                .say(new ChoiceFinished(0, Reason.STOP, "END"))
                .completed(2));
    String ask = "{\"model\":\"m\",\"input_prefix\":\"x\",\"input_suffix\":\"y\",\"stream\":%s}";
    String end =
        ",\"tokens\":[],\"stop\":true,\"model\":\"m\",\"tokens_predicted\":2,\"tokens_evaluated\":7,"
            + "\"truncated\":false,\"stop_type\":\"word\",\"stopping_word\":\"END\",\"tokens_cached\":3}";
    assertThat(gateway.send(gateway.post("/infill", ask.formatted(false))).body())
        .isEqualTo("{\"index\":0,\"content\":\"ab\"" + end);
    assertThat(gateway.send(gateway.post("/infill", ask.formatted(true))).body())
        .isEqualTo(
            "data: {\"index\":0,\"content\":\"a\",\"tokens\":[],\"stop\":false}\n\n"
                + "data: {\"index\":0,\"content\":\"b\",\"tokens\":[],\"stop\":false}\n\n"
                + "data: {\"index\":0,\"content\":\"\""
                + end
                + "\n\n");
  }

  /** A text that may become a stop text is held back while its tokens are told. */
  @Test
  void tellsWhereTokensStandInTheTextAlsoWhereTextIsHeldBack() throws Exception {
    TokenText one = new TokenText("one", new byte[] {}, -1f, List.of());
    TokenText two = new TokenText("two", new byte[] {}, -1f, List.of());
    gateway.admission.answerBy(
        talk ->
            talk.started()
                .say(new Delta(0, "", List.of(one)))
                .say(new Delta(0, "onetwo", List.of(two)))
                .finished(0, Reason.STOP)
                .completed(2));
    String body =
        gateway
            .send(gateway.post(COMPLETIONS, "{\"prompt\":\"x\",\"logprobs\":0,\"stream\":true}"))
            .body();
    assertThat(body).contains("\"text_offset\":[0]").contains("\"text_offset\":[3]");
  }

  @Test
  void givesARefusalItsStatusAlsoToAStream() throws Exception {
    gateway.admission.answerBy(talk -> talk.failed(Failure.unavailable(ErrorCode.OVERLOADED, 3)));
    for (String ask : List.of(ASK, ASK_STREAM)) {
      HttpResponse<String> answer = gateway.send(gateway.post(CHAT, ask));
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.headers().firstValue("retry-after")).contains("3");
      assertThat(answer.headers().firstValue("retry-after-ms")).contains("3000");
      assertThat(answer.headers().firstValue("x-should-retry")).contains("true");
      assertThat(answer.body())
          .isEqualTo(
              "{\"error\":{\"message\":\"The server cannot take this request now; retry in 3 s.\","
                  + "\"type\":\"server_error\",\"param\":null,\"code\":\"overloaded\"}}");
    }
    gateway.admission.answerBy(talk -> talk.failed(Failure.contextLengthExceeded(100, 120)));
    HttpResponse<String> answer = gateway.send(gateway.post(CHAT, ASK));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body())
        .contains("This model's maximum context is 100 tokens; the request needs 120.");
  }

  @Test
  void endsABrokenStreamWithOneErrorAndWithoutDone() throws Exception {
    gateway.admission.answerBy(
        talk -> talk.started().text(0, "half").failed(Failure.deadlineExceeded(50, "decode")));
    List<String> data = data(gateway.send(gateway.post(CHAT, ASK_STREAM)).body());
    assertThat(data.getLast())
        .isEqualTo(
            "{\"error\":{\"message\":\"Deadline of 50 ms passed in stage 'decode'.\","
                + "\"type\":\"server_error\",\"param\":null,\"code\":\"deadline_exceeded\"}}");
    assertThat(data).doesNotContain("[DONE]");
  }

  @Test
  void endsWithAnErrorWhenTheGenerationDiesSilently() throws Exception {
    CompletableFuture<HttpResponse<String>> stream = sendLater(ASK_STREAM);
    Talk talk = gateway.admission.next();
    ActorRef<Generation.Command> generation = gateway.generation(talk);
    talk.admitted(generation).started().text(0, "half");
    generation.tell(new Generation.HangUp());
    List<String> data = data(stream.get().body());
    assertThat(data.getLast()).contains("\"code\":\"internal_error\"");
    assertThat(data).doesNotContain("[DONE]");

    CompletableFuture<HttpResponse<String>> whole = sendLater(ASK);
    talk = gateway.admission.next();
    generation = gateway.generation(talk);
    talk.admitted(generation).started();
    generation.tell(new Generation.HangUp());
    assertThat(whole.get().statusCode()).isEqualTo(500);
    String id = whole.get().headers().firstValue("x-request-id").orElseThrow();
    assertThat(whole.get().body()).contains("Internal error. Quote request id " + id + ".");
  }

  @Test
  void keepsASilentStreamAlive() throws Exception {
    CompletableFuture<HttpResponse<Stream<String>>> stream =
        gateway.client.sendAsync(
            gateway.post(CHAT, ASK_STREAM).build(), HttpResponse.BodyHandlers.ofLines());
    Talk talk = gateway.admission.next();
    talk.started();
    String lines =
        stream
            .get()
            .body()
            .peek(
                line -> {
                  if (line.startsWith(":")) {
                    talk.finished(0, Reason.STOP).completed(0);
                  }
                })
            .collect(Collectors.joining("\n"));
    assertThat(lines).contains(": keep-alive\n").endsWith("data: [DONE]\n");
  }

  private CompletableFuture<HttpResponse<String>> sendLater(String body) {
    return gateway.client.sendAsync(
        gateway.post(CHAT, body).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static List<String> data(String body) {
    return body.lines()
        .filter(line -> line.startsWith("data: "))
        .map(line -> line.substring("data: ".length()))
        .toList();
  }

  private static List<String> choices(List<String> data) {
    return data.stream()
        .filter(line -> line.startsWith("{"))
        .map(line -> TestGateway.JSON.readTree(line).get("choices").get(0).toString())
        .toList();
  }

  private static String streamedText(String body) {
    return data(body).stream()
        .filter(line -> line.startsWith("{"))
        .map(line -> TestGateway.JSON.readTree(line).at("/choices/0/delta/content").asString(""))
        .collect(Collectors.joining());
  }
}
