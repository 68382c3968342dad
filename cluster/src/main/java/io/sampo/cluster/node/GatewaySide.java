package io.sampo.cluster.node;

import io.sampo.actors.admission.Admission;
import io.sampo.actors.detour.Detour;
import io.sampo.actors.generation.GenerationSettings;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.generation.Suspects;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.placement.PlacementSettings;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.standby.Standby;
import io.sampo.cluster.gateway.Endpoint;
import io.sampo.cluster.gateway.GatewaySettings;
import io.sampo.cluster.gateway.HttpGateway;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.ModelTask;
import io.sampo.kvcache.block.BlockNames;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.ops.requests.RunningRequests;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** What a gateway node has beside its actors' wiring: its model's text side, adapters, the door. */
final class GatewaySide {

  private static final Duration SLACK = Duration.ofSeconds(5);

  private final ActorSystem<?> system;
  private final Readiness readiness;
  private final RunningRequests requests;
  private final NodeModels models;
  private final NodeAdapters adapters;
  private final LoadedModels loaded;
  private final ActorRef<Admission.Command> admission;
  private final ActorRef<Standby.Command> standby;

  /**
   * Begins to serve.
   *
   * @param model of the node's settings
   * @param served done when the model's text side is open
   * @param requests is told what the requests do
   * @param engines that models are read by
   * @param desired what is wanted of the cluster
   * @param naming how blocks are named of a model whose KV has a layout
   */
  GatewaySide(
      ActorSystem<?> system,
      Wiring wiring,
      ActorRef<Placement.Command> placement,
      Readiness readiness,
      NodeSettings settings,
      ModelSettings model,
      CompletableFuture<ServedModel> served,
      RunningRequests requests,
      NodeEngines engines,
      DesiredRegister desired,
      Function<Supplier<Optional<KvLayout>>, Supplier<Optional<BlockNames>>> naming) {
    this.requests = requests;
    this.system = system;
    this.readiness = readiness;
    ModelSpec spec = model.spec();
    models =
        new NodeModels(
            model.name(), model.aliases(), spec.adapters().stream().map(Adapter::name).toList());
    adapters =
        new NodeAdapters(
            system,
            placement,
            models,
            new SavedAdapters(settings.dataFolder(), model.name()),
            model.adapterFolder(),
            PlacementSettings.from(system.settings().config()).adapterLimit().plus(SLACK));
    Detour detour = new Detour(message -> wiring.toRouter(spec.id(), message));
    desired.listen(wanted -> detour.drained(wanted.closed()));
    loaded =
        new LoadedModels(
            system,
            spec.id(),
            engines,
            settings.files(),
            naming,
            models,
            placement,
            wiring::toRouter);
    desired.listen(loaded::hear);
    tellNeed(engines.provider(model.engine()), model, placement);
    wiring.readiness(readiness, spec.id(), detour);
    GenerationSettings generation = GenerationSettings.from(system.settings().config());
    Suspects suspects =
        new Suspects(generation.quarantineFor(), System::nanoTime, this::tellOthers);
    standby = wiring.standby(readiness::standby, suspects::condemn);
    admission =
        wiring.admission(
            models,
            (to, message) -> {
              if (!loaded.route(to, message)) {
                detour.accept(message);
              }
            },
            suspects);
    Supplier<Optional<BlockNames>> names = naming.apply(readiness::kvLayout);
    open(served.thenApply(opened -> opened.naming(names)), spec);
  }

  /** Once it runs, so that its start is not held up. */
  private void tellNeed(
      EngineProvider provider, ModelSettings model, ActorRef<Placement.Command> placement) {
    if (!provider.simulated()) {
      var _ =
          readiness
              .first()
              .thenAcceptAsync(
                  _ ->
                      placement.tell(
                          new Placement.ModelSized(
                              model.spec().id(),
                              provider.plan(model.file(), model.engineSettings()).totalBytes(),
                              null)),
                  task -> Thread.ofPlatform().daemon().name("plan").start(task));
    }
  }

  private void tellOthers(long fingerprint) {
    standby.tell(new Standby.Quarantine(fingerprint));
  }

  /** Lets requests in once the model's text side is there, and all its adapters. */
  private void open(CompletableFuture<ServedModel> served, ModelSpec spec) {
    adapters
        .restore(spec.id(), readiness.first())
        .whenComplete((nothing, failure) -> readiness.restored().complete(null));
    served
        .thenCombine(readiness.restored(), (model, nothing) -> model)
        .thenAccept(models::loaded)
        .exceptionally(
            failure -> {
              system.log().error("the model's text side cannot be opened", failure);
              return null;
            });
  }

  /**
   * A model as the gateway knows it.
   *
   * @param loaded what its engine on this node can do; without one the plan tells what it would
   */
  static ServedModel served(
      EngineProvider provider, ModelSettings model, Optional<EngineCapabilities> loaded) {
    ModelTask task;
    int vectorLength;
    if (loaded.isPresent()) {
      task = loaded.get().task();
      vectorLength = loaded.get().vectorLength();
    } else {
      LoadPlan plan = provider.plan(model.file(), model.engineSettings());
      task = plan.task();
      vectorLength = plan.vectorLength();
    }
    return new ServedModel(
        model.spec().id(),
        model.aliases(),
        provider.simulated(),
        Instant.now(),
        provider.openText(model.file()),
        task,
        vectorLength);
  }

  CompletionStage<HttpGateway> bind(Endpoint endpoint) {
    return HttpGateway.bind(
        system,
        endpoint,
        GatewaySettings.from(system.settings().config()),
        admission,
        standby,
        models,
        adapters,
        requests,
        readiness);
  }

  NodeModels models() {
    return models;
  }

  LoadedModels loadedModels() {
    return loaded;
  }

  /** Ends the requests that are still there once the door is closed. */
  CompletionStage<Done> drain() {
    return AskPattern.ask(
        admission,
        replyTo -> new Admission.Drain(Duration.ZERO, replyTo),
        SLACK,
        system.scheduler());
  }
}
