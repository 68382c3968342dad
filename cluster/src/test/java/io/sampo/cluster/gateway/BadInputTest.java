package io.sampo.cluster.gateway;

import static io.sampo.cluster.gateway.TestGateway.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Every wrong body has its exact answer, reaches no model, and leaves the next request unharmed.
 */
@Timeout(60)
class BadInputTest {

  @RegisterExtension static final TestGateway gateway = new TestGateway();

  @AfterEach
  void reachesNoModelAndServesTheNextRequest() throws Exception {
    gateway.assertNothingReachedAModelAndServes();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                              | the body is empty at offset 0
          []                              | the top level is not an object at offset 0
          `"text"`                        | the top level is not an object at offset 0
          {"a":1                          | the text ends too early at offset 6
          {"a":1}}                        | unexpected character at offset 7
          {"a":1} {}                      | text follows the end at offset 8
          {'a':1}                         | unexpected character at offset 1
          {"é":1,}                        | unexpected character at offset 8
          {"a":NaN}                       | unknown word at offset 8
          {"a":Infinity}                  | unknown word at offset 13
          {"a":1e999}                     | a number is too large at offset 5
          {"a":1,"a":2}                   | a name stands twice in one object at offset 7
          {"a":"\\ud800"}                 | a string holds half of a surrogate pair at offset 5
          {"a":01}                        | malformed value at offset 6
          """)
  void refusesWhatIsNotJsonAndSaysWhere(String body, String reason) throws Exception {
    assertThat(refusal(400, CHAT, body))
        .isEqualTo("invalid_json||Request body is not valid JSON: " + reason + ".");
  }

  @Test
  void refusesBadUtf8() throws Exception {
    byte[] body = "{\"a\":\"?\"}".getBytes(StandardCharsets.UTF_8);
    body[6] = (byte) 0xC0;
    HttpResponse<String> answer =
        gateway.send(
            gateway
                .request(CHAT)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("the text is not UTF-8 at offset 6.");
  }

  @Test
  void refusesDeepNesting() throws Exception {
    String body = "{\"a\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}";
    assertThat(refusal(400, CHAT, body))
        .isEqualTo(
            "invalid_json||Request body is not valid JSON: nested deeper than 64 at offset 68.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "priority":101         | priority    | must be an integer from -100 to 100
          "priority":1.5         | priority    | must be an integer from -100 to 100
          "priority":"high"      | priority    | must be an integer from -100 to 100
          "temperature":2.1      | temperature | must be a number from 0 to 2
          "temperature":-1       | temperature | must be a number from 0 to 2
          "temperature":"hot"    | temperature | must be a number from 0 to 2
          "top_p":1.5            | top_p | must be a number from 0 to 1
          "n":9                  | n | must be an integer from 1 to 8
          "n":1.5                | n | must be an integer from 1 to 8
          "max_tokens":0         | max_tokens | must be an integer from 1 to 2147483647
          "max_tokens":-1        | max_tokens | must be an integer from 1 to 2147483647
          "max_completion_tokens":99999999999 | max_completion_tokens | must be an integer from 1 to 2147483647
          "seed":99999999999999999999 | seed | must be an integer from -9223372036854775808 to 9223372036854775807
          "logprobs":5           | logprobs | must be true or false
          "logprobs":true,"top_logprobs":21 | top_logprobs | must be an integer from 0 to 20
          "top_logprobs":2       | top_logprobs | needs 'logprobs' to be true
          "stop":["a","b","c","d","e"] | stop | must hold at most 4 texts
          "stop":""              | stop | each must be a string of 1 to 1024 bytes
          "stop":[1]             | stop | each must be a string of 1 to 1024 bytes
          "stream":"yes"         | stream | must be true or false
          "stream_options":3     | stream_options | must be an object
          "stream_options":{"include_usage":1} | stream_options.include_usage | must be true or false
          "presence_penalty":3   | presence_penalty | must be a number from -2 to 2
          "repeat_penalty":0     | repeat_penalty | must be over 0
          "logit_bias":{"x":1}   | logit_bias | its names must be token ids
          "logit_bias":{"1":101} | logit_bias | its values must be numbers from -100 to 100
          "model":7              | model | must be a string
          "user":7               | user | must be a string
          "cache_salt":""        | cache_salt | must have 1 to 64 characters, each a letter, a digit, '-' or '_'
          "cache_salt":"a b\\u0000" | cache_salt | must have 1 to 64 characters, each a letter, a digit, '-' or '_'
          "cache_salt":{"a":1}   | cache_salt | must be a string
          "session_id":""        | session_id | must have 1 to 256 characters
          "lora":[{"id":0}]      | lora | must be the name of an adapter in /v1/models
          "messages":"hi"        | messages | must be an array of messages
          "messages":[3]         | messages[0] | must be an object
          "messages":[{"role":"king","content":"x"}] | messages[0].role | must be system, developer, user, assistant or tool
          "messages":[{"role":"user"}] | messages[0].content | must be a string or an array of text parts
          "messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x"}}]}] | messages[0].content[0].type | this server reads text parts only, no images, audio or files
          """)
  void namesTheFieldThatIsWrong(String field, String param, String rule) throws Exception {
    assertThat(refusal(400, CHAT, chat(field)))
        .isEqualTo("invalid_value|" + param + "|Invalid value for '" + param + "': " + rule + ".");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"chat_template\":\"{{x}}\"",
        "\"prompt_embeds\":\"AAAA\"",
        "\"audio\":{\"voice\":\"x\"}",
        "\"modalities\":[\"text\",\"audio\"]",
        "\"echo\":true",
        "\"suffix\":\"b\""
      })
  void refusesByNameWhatIsNotBuilt(String field) throws Exception {
    String name = field.substring(1, field.indexOf('"', 1));
    assertThat(refusal(400, CHAT, chat(field)))
        .isEqualTo(
            "unsupported_parameter|"
                + name
                + "|Parameter '"
                + name
                + "' is not supported by this server.");
  }

  @Test
  void namesTheHeaderThatIsWrong() throws Exception {
    HttpResponse<String> answer =
        gateway.send(gateway.post(CHAT, TestGateway.ASK).header("x-sampo-cache", "refresh"));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body())
        .contains("Invalid value for 'X-Sampo-Cache': must be bypass, or left out.");
  }

  @Test
  void letsNeutralAndUnknownValuesPass() throws Exception {
    gateway.admission.answerBy(talk -> talk.answer("well"));
    String neutral =
        "\"tools\":[],\"tool_choice\":\"auto\",\"response_format\":{\"type\":\"text\"},\"stop\":null,"
            + "\"grammar\":\"\",\"modalities\":[\"text\"],\"n\":null,\"zzz\":{\"a\":[1]},\"lora\":[]";
    assertThat(gateway.send(gateway.post(CHAT, chat(neutral))).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "prompt":""            | empty_prompt | prompt | The prompt in 'prompt' is empty.
          "prompt":[]            | empty_prompt | prompt | The prompt in 'prompt' is empty.
          "prompt":[1,-1]        | invalid_token_id | prompt | Token id -1 in 'prompt' is outside the vocabulary of 256 tokens.
          "prompt":[256]         | invalid_token_id | prompt | Token id 256 in 'prompt' is outside the vocabulary of 256 tokens.
          "prompt":[9999999999]  | invalid_token_id | prompt | Token id 9999999999 in 'prompt' is outside the vocabulary of 256 tokens.
          "prompt":[1.5]         | invalid_value | prompt | Invalid value for 'prompt': each token id must be an integer.
          "prompt":{}            | invalid_value | prompt | Invalid value for 'prompt': must be a string, an array of token ids, or an array of these.
          "prompt":["a",""]      | empty_prompt | prompt[1] | The prompt in 'prompt[1]' is empty.
          "prompt":[[1],[]]      | empty_prompt | prompt[1] | The prompt in 'prompt[1]' is empty.
          "prompt":[[1],[256]]   | invalid_token_id | prompt[1] | Token id 256 in 'prompt[1]' is outside the vocabulary of 256 tokens.
          "prompt":["a",1]       | invalid_value | prompt[1] | Invalid value for 'prompt[1]': must be a string or an array of token ids.
          "prompt":[1,"a"]       | invalid_value | prompt | Invalid value for 'prompt': each token id must be an integer.
          "prompt":"a","logprobs":21 | invalid_value | logprobs | Invalid value for 'logprobs': must be an integer from 0 to 20.
          "prompt":"a","max_tokens":0 | invalid_value | max_tokens | Invalid value for 'max_tokens': must be an integer from 1 to 2147483647.
          "prompt":"a","echo":1      | invalid_value | echo | Invalid value for 'echo': must be true or false.
          "prompt":"a","echo":true,"logprobs":0,"suffix":"b" | invalid_value | echo | Invalid value for 'echo': cannot stand beside both 'logprobs' and 'suffix'.
          "prompt":"a","n":2,"best_of":1 | invalid_value | best_of | Invalid value for 'best_of': must not be below 'n'.
          "prompt":"a","best_of":2   | unsupported_parameter | best_of | Parameter 'best_of' is not supported by this server.
          "prompt":[1],"suffix":"b"  | invalid_value | suffix | Invalid value for 'suffix': goes with prompts that are texts, not token ids.
          "prompt":"a","logit_bias":{"256":1} | invalid_token_id | logit_bias | Token id 256 in 'logit_bias' is outside the vocabulary of 256 tokens.
          """)
  void checksAPrompt(String fields, String code, String param, String message) throws Exception {
    assertThat(refusal(400, "/v1/completions", "{" + fields + "}"))
        .isEqualTo(code + "|" + param + "|" + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "input_suffix":"b"       | input_prefix | must be a string
          "input_prefix":"a"       | input_suffix | must be a string
          "input_prefix":[1],"input_suffix":"b" | input_prefix | must be a string
          "input_prefix":"a","input_suffix":"b","prompt":["c"] | prompt | must be a string
          "input_prefix":"a","input_suffix":"b","input_extra":{} | input_extra | must be an array of at most 256 files
          "input_prefix":"a","input_suffix":"b","input_extra":["c"] | input_extra[0] | must be an object with 'filename' and 'text'
          "input_prefix":"a","input_suffix":"b","input_extra":[{"filename":"c"}] | input_extra[0].text | must be a string
          "input_prefix":"a","input_suffix":"b","n":2 | n | must be an integer from 1 to 1
          "input_prefix":"a","input_suffix":"b","n_predict":0 | n_predict | must be at least 1, or -1 for the context's end
          "input_prefix":"a","input_suffix":"b","n_predict":-2 | n_predict | must be an integer from -1 to 2147483647
          """)
  void checksAGap(String fields, String param, String rule) throws Exception {
    assertThat(refusal(400, "/infill", "{" + fields + "}"))
        .isEqualTo("invalid_value|" + param + "|Invalid value for '" + param + "': " + rule + ".");
  }

  @Test
  void refusesMorePromptsThanItTakes() throws Exception {
    String prompts = "\"a\",".repeat(128) + "\"a\"";
    assertThat(refusal(400, "/v1/completions", "{\"prompt\":[" + prompts + "]}"))
        .isEqualTo(
            "invalid_value|prompt|Invalid value for 'prompt': must hold at most 128 prompts.");
  }

  @Test
  void refusesAnEmptyConversationAndAForeignModel() throws Exception {
    assertThat(refusal(400, CHAT, "{\"messages\":[]}"))
        .isEqualTo("empty_prompt|messages|The prompt in 'messages' is empty.");
    assertThat(refusal(404, CHAT, chat("\"model\":\"other\"")))
        .isEqualTo(
            "model_not_found|model|The model 'other' does not exist or is not loaded for this"
                + " key.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-5", "soon", "86400001"})
  void refusesATimeoutOutOfRange(String millis) throws Exception {
    HttpResponse<String> answer =
        gateway.send(gateway.post(CHAT, TestGateway.ASK).header("x-request-timeout-ms", millis));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("must be an integer from 1 to 86400000");
  }

  private static String chat(String fields) {
    return (fields.startsWith("\"messages\"")
            ? "{"
            : TestGateway.ASK.replace("\"model\":\"m\",", "").replace("}]}", "}],"))
        + fields
        + "}";
  }

  /** Code, parameter and message of the error that the body is answered with. */
  private static String refusal(int status, String path, String body)
      throws IOException, InterruptedException {
    HttpResponse<String> answer = gateway.send(gateway.post(path, body == null ? "" : body));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("x-should-retry")).contains("false");
    JsonNode error = TestGateway.JSON.readTree(answer.body()).get("error");
    assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
    JsonNode param = error.get("param");
    return error.get("code").stringValue()
        + "|"
        + (param.isNull() ? "" : param.stringValue())
        + "|"
        + error.get("message").stringValue();
  }
}
