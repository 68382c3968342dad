package io.sampo.cluster.node;

import io.sampo.actors.detour.Detour;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.placement.Desired;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.replica.KvOffer;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.wire.ModelId;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.kvcache.block.BlockNames;
import io.sampo.kvcache.block.KvLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models that operators have loaded beside the one of this gateway's settings. Each is read
 * here, so that the placement learns how much memory it needs and this gateway serves it, until it
 * is wanted no more. Safe for many threads.
 */
final class LoadedModels {

  private static final Logger LOG = LoggerFactory.getLogger(LoadedModels.class);

  private static final Duration ASK = Duration.ofSeconds(1);

  /** The router is asked twice in this time, and once while it is unused. */
  private static final long SILENT_NANOS = Duration.ofMillis(2500).toNanos();

  /** A model that cannot be read is tried again after so long. */
  private static final Duration AGAIN = Duration.ofSeconds(30);

  /** One of them, with the way to its router. */
  private static final class Loaded {

    final ModelSpec spec;
    final Detour way;
    volatile List<Replica.Report> replicas = List.of();
    volatile long heardNanos = System.nanoTime();
    volatile boolean wanted = true;
    volatile Placement.@Nullable ModelSized sized;

    Loaded(ModelSpec spec, Detour way) {
      this.spec = spec;
      this.way = way;
    }
  }

  /** The messages of what watches a router. */
  private sealed interface Probe {}

  private record Ask() implements Probe {}

  private record Answer(Router.Description description) implements Probe {}

  private final ActorSystem<?> system;
  private final ModelId own;
  private final NodeEngines engines;
  private final ModelFiles files;
  private final Function<Supplier<Optional<KvLayout>>, Supplier<Optional<BlockNames>>> naming;
  private final NodeModels models;
  private final ActorRef<Placement.Command> placement;
  private final BiConsumer<ModelId, Router.Command> routers;
  private final Map<ModelId, Loaded> loaded = new HashMap<>();
  private int count;

  /**
   * @param own the model of this gateway's settings, which is not one of these
   * @param naming how blocks are named of a model whose KV has a layout
   * @param models is told what is served
   * @param routers delivers a message to the router of a model
   */
  LoadedModels(
      ActorSystem<?> system,
      ModelId own,
      NodeEngines engines,
      ModelFiles files,
      Function<Supplier<Optional<KvLayout>>, Supplier<Optional<BlockNames>>> naming,
      NodeModels models,
      ActorRef<Placement.Command> placement,
      BiConsumer<ModelId, Router.Command> routers) {
    this.system = system;
    this.own = own;
    this.engines = engines;
    this.files = files;
    this.naming = naming;
    this.models = models;
    this.placement = placement;
    this.routers = routers;
  }

  /** What is wanted of the cluster has changed. */
  synchronized void hear(Desired desired) {
    Set<ModelId> wanted = new HashSet<>();
    for (ModelSpec spec : desired.models()) {
      if (!spec.id().equals(own)) {
        wanted.add(spec.id());
        Loaded known = loaded.get(spec.id());
        if (known == null) {
          begin(spec);
        } else if (spec.memoryBytes() < 0 && known.sized instanceof Placement.ModelSized sized) {
          placement.tell(sized);
        }
      }
    }
    for (Loaded one : List.copyOf(loaded.values())) {
      if (!wanted.contains(one.spec.id())) {
        LOG.info("the model {} is served no more", one.spec.id());
        one.wanted = false;
        loaded.remove(one.spec.id());
        models.unloaded(one.spec.id());
      }
      one.way.drained(desired.closed());
    }
  }

  private void begin(ModelSpec spec) {
    Loaded one = new Loaded(spec, new Detour(message -> routers.accept(spec.id(), message)));
    loaded.put(spec.id(), one);
    system.systemActorOf(probe(one), "loaded-model-" + count++, Props.empty());
    Thread.ofPlatform().daemon().name("open-" + spec.id()).start(() -> open(one));
  }

  /** Reads the model, again and again while it cannot be read. */
  private void open(Loaded one) {
    ModelId id = one.spec.id();
    try {
      while (one.wanted) {
        try {
          serve(one);
          return;
        } catch (IOException | RuntimeException absent) {
          String why = "cannot be read: " + absent.getMessage();
          LOG.error("the model {} {}", id, why);
          tell(one, new Placement.ModelSized(id, 0, why));
          Thread.sleep(AGAIN);
        }
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Loaded one) throws IOException, InterruptedException {
    ModelSpec spec = one.spec;
    EngineProvider provider = engines.provider(spec.engine());
    Path file =
        provider.simulated() ? Path.of(spec.source()) : files.find(spec.id().name(), spec.source());
    LoadPlan plan = provider.plan(file, spec.settings());
    ServedModel served =
        new ServedModel(
            spec.id(),
            List.of(),
            provider.simulated(),
            Instant.now(),
            provider.openText(file),
            plan.task(),
            plan.vectorLength(),
            naming.apply(() -> layout(one)));
    synchronized (this) {
      if (one.wanted) {
        models.loaded(served);
      }
    }
    // What a simulated engine pretends to need, it does not take.
    long bytes = provider.simulated() ? 0 : plan.totalBytes();
    tell(one, new Placement.ModelSized(spec.id(), bytes, null));
  }

  private static Optional<KvLayout> layout(Loaded one) {
    return one.replicas.stream()
        .map(Replica.Report::kv)
        .filter(Objects::nonNull)
        .map(KvOffer::layout)
        .findFirst();
  }

  private void tell(Loaded one, Placement.ModelSized sized) {
    one.sized = sized;
    placement.tell(sized);
  }

  /** Delivers to the router of one of these, or round it; false where it is none of them. */
  boolean route(ModelId model, Router.Command message) {
    Loaded one;
    synchronized (this) {
      one = loaded.get(model);
    }
    if (one == null) {
      return false;
    }
    one.way.accept(message);
    return true;
  }

  /** Which there are. */
  synchronized List<ModelSpec> all() {
    return loaded.values().stream().map(one -> one.spec).toList();
  }

  /** The replicas of one of these, as its router last told. */
  synchronized List<Replica.Report> replicas(ModelId model) {
    return Optional.ofNullable(loaded.get(model)).map(one -> one.replicas).orElse(List.of());
  }

  /** Asks a model's router for its replicas, and notices its silence. */
  private static Behavior<Probe> probe(Loaded one) {
    return Behaviors.setup(
        context -> {
          ActorRef<Router.Description> answers =
              context.messageAdapter(Router.Description.class, Answer::new);
          context.getSelf().tell(new Ask());
          return Behaviors.receiveMessage(
              message -> {
                if (!one.wanted) {
                  return Behaviors.stopped();
                }
                switch (message) {
                  case Ask ask -> {
                    one.way.accept(new Router.Describe(answers));
                    if (System.nanoTime() - one.heardNanos > SILENT_NANOS) {
                      one.way.silent();
                    }
                    context.scheduleOnce(ASK, context.getSelf(), ask);
                  }
                  case Answer answer -> {
                    one.heardNanos = System.nanoTime();
                    one.replicas = answer.description().replicas();
                    one.way.heard(one.replicas);
                  }
                }
                return Behaviors.same();
              });
        });
  }
}
