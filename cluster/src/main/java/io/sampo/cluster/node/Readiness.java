package io.sampo.cluster.node;

import io.sampo.actors.detour.Detour;
import io.sampo.actors.holder.Holder;
import io.sampo.actors.replica.KvOffer;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.standby.StandbyStats;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.cluster.gateway.NodeHealth;
import io.sampo.cluster.kv.KvFigures;
import io.sampo.cluster.kv.TieredKv;
import io.sampo.kvcache.block.KvLayout;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * Whether this node can answer, as a snapshot that anyone may read at any time. It is earned: a
 * model counts once its router tells of a replica that has produced a token, and no longer once
 * that word is old. A node that only runs models listens to its own replicas instead of a router.
 */
final class Readiness implements NodeHealth {

  private static final Duration UNTIL_READY = Duration.ofMillis(50);
  private static final Duration ONCE_READY = Duration.ofSeconds(1);
  private static final Duration IN_USE = Duration.ofMillis(500);

  /** The router is asked thrice in this time. */
  private static final Duration SILENT = Duration.ofMillis(1500);

  private static final long STALE_NANOS = Duration.ofSeconds(5).toNanos();

  private record Heard(Replica.@Nullable Report best, List<Replica.Report> replicas, long nanos) {}

  private final Map<ReplicaId, Replica.Report> own = new HashMap<>();
  private final CompletableFuture<Replica.Report> first = new CompletableFuture<>();
  private final CompletableFuture<Void> restored = new CompletableFuture<>();
  private volatile @Nullable Heard heard;
  private volatile @Nullable TieredKv kv;
  private volatile StandbyStats standby = StandbyStats.NONE;
  private volatile @Nullable Detour detour;
  private volatile @Nullable String admin;
  private volatile boolean joined;
  private volatile boolean draining;

  /** The probe's messages. */
  sealed interface Probe {}

  private record Ask() implements Probe {}

  private record Answer(Router.Description description) implements Probe {}

  /**
   * Asks the router: often until the first replica is ready, then every second, or twice while
   * sequences depend on it.
   *
   * @param way is told what the router says, and that it says nothing
   */
  Behavior<Probe> probe(Consumer<Router.Command> router, Detour way) {
    detour = way;
    return Behaviors.setup(
        context -> {
          ActorRef<Router.Description> answers =
              context.messageAdapter(Router.Description.class, Answer::new);
          context.getSelf().tell(new Ask());
          return Behaviors.receiveMessage(
              message -> {
                switch (message) {
                  case Ask _ when draining -> {
                    // The router may be on its way to another node, which this would hold up.
                  }
                  case Ask ask -> {
                    router.accept(new Router.Describe(answers));
                    noticeSilence(way);
                    Duration pause =
                        !first.isDone() ? UNTIL_READY : way.used() ? IN_USE : ONCE_READY;
                    context.scheduleOnce(pause, context.getSelf(), ask);
                  }
                  case Answer answer -> {
                    way.heard(answer.description().replicas());
                    hear(answer.description());
                  }
                }
                return Behaviors.same();
              });
        });
  }

  private void noticeSilence(Detour way) {
    Heard last = heard;
    if (last != null && System.nanoTime() - last.nanos() > SILENT.toNanos()) {
      way.silent();
    }
  }

  void hear(Router.Description description) {
    hear(description.replicas());
  }

  /** A replica of this node has reported. */
  synchronized void hear(Replica.Report report) {
    own.put(report.replica(), report);
    hear(List.copyOf(own.values()));
  }

  private void hear(List<Replica.Report> replicas) {
    Replica.Report best = null;
    for (Replica.Report report : replicas) {
      if (best == null || rank(report) > rank(best)) {
        best = report;
      }
    }
    heard = new Heard(best, replicas, System.nanoTime());
    if (best != null && best.state() == Replica.State.READY) {
      first.complete(best);
    } else if (best != null && best.state() == Replica.State.FAILED && livesHere(best)) {
      first.completeExceptionally(new IllegalStateException(best.failure()));
    }
  }

  /** A model that another node cannot load may yet be loaded by a third. */
  private static boolean livesHere(Replica.Report report) {
    return report.ref().path().address().hasLocalScope();
  }

  private static int rank(Replica.Report report) {
    return switch (report.state()) {
      case READY -> 3;
      case LOADING -> 2;
      case DRAINING -> 1;
      case FAILED, LEAVING -> 0;
    };
  }

  /** The first replica that produced a token; fails when the model can never be loaded. */
  CompletableFuture<Replica.Report> first() {
    return first;
  }

  /** Completed once what an earlier run has left is loaded again, or cannot be. */
  CompletableFuture<Void> restored() {
    return restored;
  }

  /** Tells from now on what this node's KV does. */
  void kv(TieredKv kept) {
    kv = kept;
  }

  /** The figures of this gateway's standby. */
  void standby(StandbyStats stats) {
    standby = stats;
  }

  @Override
  public StandbyStats standby() {
    return standby;
  }

  /** Where operators reach this node from now on. */
  void admin(String url) {
    admin = url;
  }

  @Override
  public Optional<String> admin() {
    return Optional.ofNullable(admin);
  }

  void joined() {
    joined = true;
  }

  void drain() {
    draining = true;
  }

  @Override
  public boolean live() {
    return true;
  }

  @Override
  public boolean draining() {
    return draining;
  }

  @Override
  public List<Replica.Report> replicas() {
    Heard last = heard;
    return last == null ? List.of() : last.replicas();
  }

  /** What the KV of the model's replicas looks like, once one has told. */
  Optional<KvLayout> kvLayout() {
    return replicas().stream()
        .map(Replica.Report::kv)
        .filter(Objects::nonNull)
        .map(KvOffer::layout)
        .findFirst();
  }

  @Override
  public Optional<KvFigures> kv() {
    return Optional.ofNullable(kv).map(TieredKv::figures);
  }

  @Override
  public Optional<ActorRef<Holder.Command>> kvHolder() {
    return Optional.ofNullable(kv).flatMap(TieredKv::holder);
  }

  private boolean goesRound() {
    Detour way = detour;
    return way != null && way.serves();
  }

  @Override
  public long placedByFallback() {
    Detour way = detour;
    return way == null ? 0 : way.count();
  }

  @Override
  public Optional<String> notReady() {
    Heard last = heard;
    if (draining) {
      return Optional.of("draining");
    } else if (last == null) {
      return Optional.of(joined ? "waiting for a model" : "joining");
    } else if (System.nanoTime() - last.nanos() > STALE_NANOS && !goesRound()) {
      return Optional.of("the model's router does not answer");
    } else if (last.best() == null || last.best().state() == Replica.State.LEAVING) {
      return Optional.of("no engine node runs the model");
    } else if (last.best().state() == Replica.State.DRAINING) {
      return Optional.of("every replica of the model is drained");
    } else if (last.best().state() == Replica.State.LOADING) {
      return Optional.of("loading model");
    } else if (last.best().state() == Replica.State.FAILED) {
      return Optional.of("the model cannot be loaded: " + last.best().failure());
    }
    return restored.isDone() ? Optional.empty() : Optional.of("loading adapters");
  }
}
