package io.sampo.actors.generation;

import io.sampo.actors.wire.ModelId;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.TextCodec;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The models this gateway knows, with what it needs of them: names and text. */
public interface ServedModels {

  /**
   * One model.
   *
   * @param aliases further names it answers to
   * @param simulated whether its engine only pretends
   * @param created when this node began to serve it
   * @param task what it does with a request
   * @param vectorLength numbers in an embedding; 0 unless it embeds
   */
  record ServedModel(
      ModelId id,
      List<String> aliases,
      boolean simulated,
      Instant created,
      TextCodec text,
      ModelTask task,
      int vectorLength) {

    /** One that generates. */
    public ServedModel(
        ModelId id, List<String> aliases, boolean simulated, Instant created, TextCodec text) {
      this(id, aliases, simulated, created, text, ModelTask.GENERATE, 0);
    }
  }

  /** Finds a model by its name, an alias, or the name of one of its adapters. */
  Optional<ServedModel> find(String name);

  /** The adapters of a model that requests may name. */
  default List<String> adapters(ModelId model) {
    return List.of();
  }

  /** Whether more models are on their way, so that an unknown name may be known soon. */
  boolean loading();

  /** The models that are here. */
  List<ServedModel> all();
}
