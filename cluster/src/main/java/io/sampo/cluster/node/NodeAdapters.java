package io.sampo.cluster.node;

import io.sampo.actors.placement.Placement;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.cluster.gateway.AdapterDoor;
import io.sampo.engines.spi.Adapter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.jspecify.annotations.Nullable;

/** Asks the placement for adapters, and tells this node's models what came of it. */
final class NodeAdapters implements AdapterDoor {

  private static final int RETRY_SECONDS = 1;

  private final ActorSystem<?> system;
  private final ActorRef<Placement.Command> placement;
  private final NodeModels models;
  private final @Nullable Path folder;
  private final Duration limit;

  /**
   * @param folder whose files may be loaded over HTTP, or null
   * @param limit the longest wait for the placement, which has a limit of its own
   */
  NodeAdapters(
      ActorSystem<?> system,
      ActorRef<Placement.Command> placement,
      NodeModels models,
      @Nullable Path folder,
      Duration limit) {
    this.system = system;
    this.placement = placement;
    this.models = models;
    this.folder = folder;
    this.limit = limit;
  }

  @Override
  public Optional<Path> folder() {
    return Optional.ofNullable(folder);
  }

  @Override
  public CompletionStage<Optional<Failure>> load(ModelId model, Adapter adapter) {
    return ask(replyTo -> new Placement.LoadAdapter(model, adapter, replyTo));
  }

  @Override
  public CompletionStage<Optional<Failure>> unload(ModelId model, String name) {
    models.forget(name);
    return ask(replyTo -> new Placement.UnloadAdapter(model, name, replyTo));
  }

  private CompletionStage<Optional<Failure>> ask(
      Function<ActorRef<Placement.Adapters>, Placement.Command> question) {
    return AskPattern.<Placement.Command, Placement.Adapters>ask(
            placement, question::apply, limit, system.scheduler())
        .thenApply(
            answer -> {
              models.adapters(answer);
              return Optional.ofNullable(answer.failure());
            })
        .exceptionally(_ -> Optional.of(Failure.unavailable(ErrorCode.NO_CAPACITY, RETRY_SECONDS)));
  }
}
