package io.sampo.cluster.gateway.decode;

import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.engines.spi.ModelTask;

/** Whether a model is for what an endpoint does. */
final class TaskCheck {

  private TaskCheck() {}

  /**
   * Refuses a model that is for something else.
   *
   * @throws Refusal WRONG_MODEL_TASK, with the endpoints it is for
   */
  static void require(ServedModel model, ModelTask needed) {
    if (model.task() != needed) {
      String message = "The model '" + model.id().name() + "' " + use(model.task()) + ".";
      throw new Refusal(new Failure(ErrorCode.WRONG_MODEL_TASK, message, "model", 0));
    }
  }

  private static String use(ModelTask task) {
    return switch (task) {
      case GENERATE ->
          "generates text: use /v1/chat/completions or /v1/completions;"
              + " a model embeds when its file or its operator names a pooling";
      case EMBED -> "computes embeddings and nothing else: use /v1/embeddings";
      case RANK -> "ranks documents and nothing else: use /v1/rerank";
    };
  }
}
