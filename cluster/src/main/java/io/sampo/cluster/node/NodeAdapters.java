package io.sampo.cluster.node;

import io.sampo.actors.placement.Placement;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.cluster.gateway.AdapterDoor;
import io.sampo.engines.spi.Adapter;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the placement for adapters, tells this node's models what came of it and keeps it for the
 * next start.
 */
final class NodeAdapters implements AdapterDoor {

  private static final Logger LOG = LoggerFactory.getLogger(NodeAdapters.class);

  /** Waits for disks. */
  private static final Executor DISKS = task -> Thread.ofVirtual().name("adapters").start(task);

  private static final int RETRY_SECONDS = 1;

  private final ActorSystem<?> system;
  private final ActorRef<Placement.Command> placement;
  private final NodeModels models;
  private final SavedAdapters saved;
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
      SavedAdapters saved,
      @Nullable Path folder,
      Duration limit) {
    this.system = system;
    this.placement = placement;
    this.models = models;
    this.saved = saved;
    this.folder = folder;
    this.limit = limit;
  }

  @Override
  public Optional<Path> folder() {
    return Optional.ofNullable(folder);
  }

  /**
   * Loads what an earlier run of this node had loaded over HTTP; done when all that can be is. What
   * cannot stays on the list until it is unloaded or loaded anew, and costs a line in the log at
   * each start.
   *
   * @param ready when the model can take adapters
   */
  CompletionStage<?> restore(ModelId model, CompletionStage<?> ready) {
    List<Adapter> before = saved.all();
    CompletionStage<?> all = before.isEmpty() ? CompletableFuture.completedStage(null) : ready;
    for (Adapter adapter : before) {
      all = all.thenComposeAsync(_ -> restore(model, adapter), DISKS);
    }
    return all;
  }

  private CompletionStage<Void> restore(ModelId model, Adapter adapter) {
    String gone = whyGone(adapter);
    if (gone != null) {
      notRestored(adapter, gone);
      return CompletableFuture.completedStage(null);
    }
    return ask(replyTo -> new Placement.LoadAdapter(model, adapter, replyTo))
        .thenAccept(failure -> failure.ifPresent(reason -> notRestored(adapter, reason.message())));
  }

  private static void notRestored(Adapter adapter, String reason) {
    LOG.warn(
        "the adapter '{}', which was loaded over HTTP before, is not loaded again: {}",
        adapter.name(),
        reason);
  }

  /** The folder, or what is in it, may be another one by now. */
  private @Nullable String whyGone(Adapter adapter) {
    if (folder == null) {
      return "without --lora-dir nothing is";
    }
    try {
      Path file = Path.of(adapter.file()).toRealPath();
      return file.startsWith(folder.toRealPath())
          ? null
          : adapter.file() + " is not in the folder of --lora-dir";
    } catch (IOException | InvalidPathException missing) {
      return adapter.file() + " is not there any more";
    }
  }

  @Override
  public CompletionStage<Optional<Failure>> load(ModelId model, Adapter adapter) {
    if (!models.known(model.name())) {
      return notOwn();
    }
    return ask(replyTo -> new Placement.LoadAdapter(model, adapter, replyTo))
        .thenApplyAsync(
            failure -> {
              if (failure.isEmpty()) {
                saved.put(adapter);
              }
              return failure;
            },
            DISKS);
  }

  /** One that could not be restored is on the list only, and leaves it. */
  @Override
  public CompletionStage<Optional<Failure>> unload(ModelId model, String name) {
    if (!models.known(model.name())) {
      return notOwn();
    }
    models.forget(name);
    return ask(replyTo -> new Placement.UnloadAdapter(model, name, replyTo))
        .thenApplyAsync(
            failure -> {
              boolean gone = failure.isEmpty() || failure.get().code() == ErrorCode.MODEL_NOT_FOUND;
              return gone && saved.remove(name) ? Optional.empty() : failure;
            },
            DISKS);
  }

  private static CompletionStage<Optional<Failure>> notOwn() {
    return CompletableFuture.completedStage(
        Optional.of(
            Failure.invalidValue(
                "model", "was loaded beside this cluster's own model, which alone has adapters")));
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
