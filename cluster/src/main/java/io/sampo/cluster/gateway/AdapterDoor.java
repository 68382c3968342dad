package io.sampo.cluster.gateway;

import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.engines.spi.Adapter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Through which adapters are loaded and unloaded on all replicas of a model. */
public interface AdapterDoor {

  /** The folder whose files may be loaded over HTTP; none when no adapter may be. */
  Optional<Path> folder();

  /** Done when the adapter may be named, or with the reason why it may not. */
  CompletionStage<Optional<Failure>> load(ModelId model, Adapter adapter);

  /** Done when the adapter is gone, or with the reason why it is not. */
  CompletionStage<Optional<Failure>> unload(ModelId model, String name);
}
