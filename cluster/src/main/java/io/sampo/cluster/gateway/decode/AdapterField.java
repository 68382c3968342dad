package io.sampo.cluster.gateway.decode;

import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The adapter that a request chooses, by its name as {@code model} or as {@code lora}. */
final class AdapterField {

  private static final String LORA = "lora";

  private AdapterField() {}

  /** The adapter's name, or null for the model itself. */
  static @Nullable String decode(Fields fields, ServedModel model, ServedModels models) {
    List<String> adapters = models.adapters(model.id());
    String named = fields.text("model");
    String byModel = named != null && adapters.contains(named) ? named : null;
    JsonNode value = fields.value(LORA);
    if (value == null || UnsupportedFields.empty(value)) {
      return byModel;
    }
    if (!value.isString()) {
      throw fields.refuse(LORA, "must be the name of an adapter in /v1/models");
    }
    String lora = value.stringValue();
    if (!adapters.contains(lora)) {
      throw new Refusal(Failure.adapterNotFound(LORA, lora));
    }
    if (byModel != null && !byModel.equals(lora)) {
      throw fields.refuse(LORA, "'model' names another adapter");
    }
    return lora;
  }
}
