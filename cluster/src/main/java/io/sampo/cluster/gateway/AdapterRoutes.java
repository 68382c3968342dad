package io.sampo.cluster.gateway;

import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.decode.CallDecoder;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.RequestBody;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.engines.spi.Adapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * {@code POST /v1/load_lora_adapter} and {@code POST /v1/unload_lora_adapter}, named as vLLM names
 * them. Only files of the folder that the operator chose are loaded; without one both answer 404.
 */
final class AdapterRoutes {

  private static final String FOLDER_RULE =
      "must name a file in the folder that this server loads adapters from";

  private final RequestBody body;
  private final CallDecoder decoder;
  private final ServedModels models;
  private final AdapterDoor door;

  AdapterRoutes(RequestBody body, CallDecoder decoder, ServedModels models, AdapterDoor door) {
    this.body = body;
    this.decoder = decoder;
    this.models = models;
    this.door = door;
  }

  CompletionStage<HttpResponse> load(Exchange exchange) {
    Path folder = folder();
    return answer(
        exchange,
        fields -> {
          String name = name(fields);
          ServedModel model = decoder.model(fields);
          if (models.find(name).isPresent()) {
            throw fields.refuse("lora_name", "a model or an adapter of this name is there already");
          }
          Adapter adapter =
              new Adapter(name, file(fields, folder).toString(), (float) scale(fields));
          return door.load(model.id(), adapter).thenApply(failure -> told(name, model, failure));
        });
  }

  CompletionStage<HttpResponse> unload(Exchange exchange) {
    folder();
    return answer(
        exchange,
        fields -> {
          String name = name(fields);
          ServedModel model = decoder.model(fields);
          return door.unload(model.id(), name).thenApply(failure -> told(name, model, failure));
        });
  }

  private CompletionStage<HttpResponse> answer(
      Exchange exchange, Function<Fields, CompletionStage<HttpResponse>> work) {
    return body.json(exchange.request()).thenCompose(json -> work.apply(new Fields(json)));
  }

  private Path folder() {
    return door.folder()
        .orElseThrow(
            () ->
                new Refusal(
                    new Failure(
                        ErrorCode.NOT_FOUND,
                        "Adapters are not loaded over HTTP here; the operator allows it with"
                            + " --lora-dir.",
                        null,
                        0)));
  }

  private static String name(Fields fields) {
    String name = fields.text("lora_name");
    if (name == null || !Adapter.named(name)) {
      throw fields.refuse("lora_name", Adapter.NAME_RULE);
    }
    return name;
  }

  private static double scale(Fields fields) {
    return fields.number("lora_scale", -Adapter.MOST_SCALE, Adapter.MOST_SCALE, 1);
  }

  /**
   * The file, with every link resolved, inside the folder. What lies outside of it is refused alike
   * whether it is there or not.
   */
  private static Path file(Fields fields, Path folder) {
    String text = fields.text("lora_path");
    if (text == null || text.isEmpty()) {
      throw fields.refuse("lora_path", FOLDER_RULE);
    }
    try {
      Path root = folder.toRealPath();
      Path file = root.resolve(text).toRealPath();
      if (file.startsWith(root) && Files.isRegularFile(file)) {
        return file;
      }
    } catch (InvalidPathException | IOException notThere) {
      // Refused below like any other path that is not allowed.
    }
    throw fields.refuse("lora_path", FOLDER_RULE);
  }

  private static HttpResponse told(String name, ServedModel model, Optional<Failure> failure) {
    if (failure.isPresent()) {
      throw new Refusal(failure.get());
    }
    JsonBytes json = new JsonBytes(128).raw("{").name("lora_name").string(name);
    json.raw(",").name("parent").string(model.id().name());
    return Exchange.json(json.raw("}").toArray());
  }
}
