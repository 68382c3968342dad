package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.cluster.node.SampoNode;
import io.sampo.engines.modelstore.synthetic.LlamaShape;
import io.sampo.engines.modelstore.synthetic.SyntheticAdapter;
import io.sampo.engines.modelstore.synthetic.SyntheticModel;
import io.sampo.engines.spi.Adapter;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** LoRA adapters through HTTP, the actors and llama.cpp, on a tiny model of random weights. */
@Timeout(180)
class AdapterIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String COMPLETIONS = "/v1/completions";
  private static final String LOAD = "/v1/load_lora_adapter";
  private static final String UNLOAD = "/v1/unload_lora_adapter";

  @TempDir Path files;

  private Path model;
  private Path folder;
  private @Nullable TestNode node;

  @BeforeEach
  void write() throws IOException {
    model = files.resolve("tiny.gguf");
    SyntheticModel.writeTiny(model);
    folder = Files.createDirectory(files.resolve("adapters"));
    adapter("sea.gguf", 1);
    adapter("sky.gguf", 2);
  }

  @AfterEach
  void stop() {
    if (node != null) {
      node.close();
    }
  }

  private Path adapter(String name, long seed) throws IOException {
    Path file = folder.resolve(name);
    SyntheticAdapter.write(file, LlamaShape.TINY, 4, seed);
    return file;
  }

  private ModelSettings serving(List<Adapter> adapters, @Nullable Path from) {
    ModelSettings plain = TestNode.llamaCpp("tiny", model, 4, false);
    return new ModelSettings(
        "tiny",
        List.of("small"),
        model,
        plain.source(),
        plain.engine(),
        plain.engineSettings(),
        0,
        adapters,
        from);
  }

  private TestNode start(List<Adapter> adapters, @Nullable Path from) throws Exception {
    TestNode started = TestNode.start(serving(adapters, from), "");
    node = started;
    return started;
  }

  private static String text(TestNode node, String fields) throws Exception {
    return node.ask(COMPLETIONS, body(fields)).at("/choices/0/text").stringValue();
  }

  private static HttpResponse<String> completion(TestNode node, String fields) throws Exception {
    return node.post(COMPLETIONS, body(fields));
  }

  private static String body(String fields) {
    return "{\"prompt\":\"a b c d e f g\",\"max_tokens\":16,\"temperature\":0,\"ignore_eos\":true,"
        + fields
        + "}";
  }

  private static void assertRefused(
      HttpResponse<String> answer, int status, String param, String message) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonNode error = JSON.readTree(answer.body()).get("error");
    assertThat(error.get("param").asString("")).isEqualTo(param);
    assertThat(error.get("message").stringValue()).contains(message);
  }

  @Test
  void choosesAnAdapterByModelOrByField() throws Exception {
    TestNode on =
        start(List.of(new Adapter("sea", folder.resolve("sea.gguf").toString(), 1)), null);
    String bare = text(on, "\"model\":\"tiny\"");
    String sea = text(on, "\"model\":\"sea\"");
    assertThat(sea).isNotEqualTo(bare);
    assertThat(text(on, "\"lora\":\"sea\"")).isEqualTo(sea);
    assertThat(text(on, "\"model\":\"small\",\"lora\":\"sea\"")).isEqualTo(sea);
    assertThat(text(on, "\"model\":\"tiny\",\"lora\":\"\"")).isEqualTo(bare);
    JsonNode models = JSON.readTree(on.get("/v1/models").body()).get("data");
    assertThat(models.valueStream().map(one -> one.get("id").stringValue()))
        .containsExactly("tiny", "small", "sea");
    assertThat(models.get(2).get("parent").stringValue()).isEqualTo("tiny");
    assertThat(models.get(0).has("parent")).isFalse();
    assertRefused(completion(on, "\"lora\":\"sky\""), 404, "lora", "'sky' is not loaded");
    assertRefused(completion(on, "\"lora\":[{\"id\":0}]"), 400, "lora", "name of an adapter");
    assertRefused(on.post(LOAD, "{\"lora_name\":\"sky\"}"), 404, "", "--lora-dir");
  }

  @Test
  void loadsAndUnloadsWhileItServes() throws Exception {
    TestNode on = start(List.of(), folder);
    String bare = text(on, "\"model\":\"tiny\"");
    assertRefused(completion(on, "\"model\":\"sea\""), 404, "model", "does not exist");
    on.ask(LOAD, "{\"lora_name\":\"sea\",\"lora_path\":\"sea.gguf\"}");
    String sea = text(on, "\"model\":\"sea\"");
    assertThat(sea).isNotEqualTo(bare);
    assertRefused(
        on.post(LOAD, "{\"lora_name\":\"sea\",\"lora_path\":\"sky.gguf\"}"),
        400,
        "lora_name",
        "is there already");
    assertThat(on.post(UNLOAD, "{\"lora_name\":\"sea\"}").statusCode()).isEqualTo(200);
    assertRefused(completion(on, "\"model\":\"sea\""), 404, "model", "does not exist");
    assertRefused(on.post(UNLOAD, "{\"lora_name\":\"sea\"}"), 404, "lora_name", "not loaded");
    String path = JSON.writeValueAsString(folder.resolve("sky.gguf").toString());
    on.post(LOAD, "{\"lora_name\":\"sea\",\"lora_path\":" + path + ",\"lora_scale\":0.5}");
    assertThat(text(on, "\"model\":\"sea\"")).isNotEqualTo(sea).isNotEqualTo(bare);
  }

  @Test
  void loadsNothingFromOutsideItsFolderAndNothingBroken() throws Exception {
    Path outside = files.resolve("outside.gguf");
    SyntheticAdapter.write(outside, LlamaShape.TINY, 4, 3);
    Files.createSymbolicLink(folder.resolve("link.gguf"), outside);
    Files.copy(model, folder.resolve("model.gguf"));
    TestNode on = start(List.of(), folder);
    for (String path :
        List.of(
            "../outside.gguf",
            "link.gguf",
            outside.toString(),
            "/etc/passwd",
            "missing.gguf",
            ".",
            "",
            "a\0b")) {
      assertRefused(
          on.post(
              LOAD, "{\"lora_name\":\"x\",\"lora_path\":" + JSON.writeValueAsString(path) + "}"),
          400,
          "lora_path",
          "must name a file in the folder");
    }
    HttpResponse<String> broken =
        on.post(LOAD, "{\"lora_name\":\"x\",\"lora_path\":\"model.gguf\"}");
    assertRefused(broken, 400, "lora_path", "must be 'adapter', is ''");
    assertThat(broken.body()).doesNotContain(folder.toString());
    assertRefused(
        on.post(LOAD, "{\"lora_name\":\"tiny\",\"lora_path\":\"sea.gguf\"}"),
        400,
        "lora_name",
        "is there already");
    assertRefused(
        on.post(LOAD, "{\"lora_name\":\"a b\",\"lora_path\":\"sea.gguf\"}"),
        400,
        "lora_name",
        "letters, digits");
    assertRefused(
        on.post(LOAD, "{\"lora_name\":\"x\",\"lora_path\":\"sea.gguf\",\"lora_scale\":1000}"),
        400,
        "lora_scale",
        "from -100 to 100");
    assertThat(text(on, "\"model\":\"tiny\"")).isNotEmpty();
  }

  @Test
  void hasWhatWasLoadedOverHttpAgainAfterARestart() throws Exception {
    Path data = files.resolve("data");
    adapter("gone.gguf", 3);
    String sea;
    try (TestNode before = TestNode.start(serving(List.of(), folder), data)) {
      for (String name : List.of("sea", "sky", "gone")) {
        before.ask(LOAD, "{\"lora_name\":\"%s\",\"lora_path\":\"%s.gguf\"}".formatted(name, name));
      }
      before.ask(UNLOAD, "{\"lora_name\":\"sky\"}");
      sea = text(before, "\"model\":\"sea\"");
    }
    Files.delete(folder.resolve("gone.gguf"));
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger("io.sampo");
    logger.addAppender(log);
    try (TestNode after = TestNode.start(serving(List.of(), folder), data)) {
      assertThat(text(after, "\"model\":\"sea\"")).isEqualTo(sea);
      assertRefused(completion(after, "\"model\":\"sky\""), 404, "model", "does not exist");
      assertRefused(completion(after, "\"model\":\"gone\""), 404, "model", "does not exist");
      assertThat(log.list.stream().map(ILoggingEvent::getFormattedMessage))
          .filteredOn(line -> line.contains("'gone'"))
          .singleElement()
          .asString()
          .contains("is not loaded again", "gone.gguf is not there any more");
      after.ask(UNLOAD, "{\"lora_name\":\"gone\"}");
    } finally {
      logger.detachAppender(log);
    }
    assertThat(Files.readString(data.resolve("adapters").resolve("tiny.json")))
        .contains("sea.gguf")
        .doesNotContain("sky", "gone");
  }

  @Test
  void doesNotStartWithAnAdapterThatDoesNotFit() {
    Adapter misfit = new Adapter("sea", model.toString(), 1);
    SampoNode failing = SampoNode.start(TestNode.settings(0, serving(List.of(misfit), null), ""));
    try {
      assertThatThrownBy(() -> failing.ready().toCompletableFuture().get(60, TimeUnit.SECONDS))
          .hasMessageContaining("the adapter 'sea': GGUF rejected");
    } finally {
      failing.close();
    }
  }
}
