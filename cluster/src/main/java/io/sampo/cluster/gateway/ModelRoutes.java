package io.sampo.cluster.gateway;

import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.cluster.gateway.json.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** {@code GET /v1/models} and {@code GET /v1/models/{id}}. */
final class ModelRoutes {

  private final ServedModels models;

  ModelRoutes(ServedModels models) {
    this.models = models;
  }

  /** Every name a request may use: aliases as models of their own, adapters with their parent. */
  HttpResponse list() {
    JsonBytes json = new JsonBytes(512).raw("{\"object\":\"list\",\"data\":[");
    String comma = "";
    for (ServedModel model : models.all()) {
      for (String name : names(model)) {
        write(json.raw(comma), name, model);
        comma = ",";
      }
      for (String adapter : models.adapters(model.id())) {
        write(json.raw(comma), adapter, model);
      }
    }
    return Exchange.json(json.raw("]}").toArray());
  }

  private static List<String> names(ServedModel model) {
    List<String> names = new ArrayList<>(List.of(model.id().name()));
    names.addAll(model.aliases());
    return names;
  }

  HttpResponse one(String name) {
    ServedModel model =
        models.find(name).orElseThrow(() -> new Refusal(Failure.modelNotFound(name)));
    JsonBytes json = new JsonBytes(256);
    write(json, name, model);
    return Exchange.json(json.toArray());
  }

  private void write(JsonBytes json, String name, ServedModel model) {
    json.raw("{").name("id").string(name);
    json.raw(",").name("object").string("model");
    json.raw(",").name("created").number(model.created().getEpochSecond());
    json.raw(",").name("owned_by").string(model.simulated() ? "sampo-simulated" : "sampo");
    json.raw(",").name("task").string(model.task().name().toLowerCase(Locale.ROOT));
    json.raw(",").name("max_model_len").number(model.text().trainedContextTokens());
    if (models.adapters(model.id()).contains(name)) {
      json.raw(",").name("parent").string(model.id().name());
    }
    json.raw("}");
  }
}
