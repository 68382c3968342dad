package io.sampo.actors.router;

import io.sampo.actors.holder.Holder;
import io.sampo.actors.policy.RoutingPolicies;
import io.sampo.actors.policy.RoutingPolicy;
import io.sampo.actors.replica.KvOffer;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.scheduler.Located;
import io.sampo.actors.scheduler.Pace;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.ReadyReplica;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.scheduler.SchedulerSettings;
import io.sampo.actors.scheduler.SchedulerStats;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;

/**
 * Knows the replicas of one model, where each session was last and who holds which beginning of a
 * prompt. With that its {@link Scheduler} decides where a sequence goes.
 */
public final class Router extends AbstractMatchingBehavior<Router.Command> {

  public static final EntityTypeKey<Command> TYPE = EntityTypeKey.create(Command.class, "router");

  public sealed interface Command {}

  /** Wants a replica for a sequence. May be repeated until it is answered. */
  public record Place(PlacementRequest request) implements Command, WireMessage {}

  /** The sequence has ended, or does not want a place any more. */
  public record Release(SequenceKey sequence) implements Command, WireMessage {}

  public record ReplicaReported(Replica.Report report) implements Command, WireMessage {}

  /** An answer has heard nothing of its replica for so long that it goes on elsewhere. */
  public record ReplicaDoubted(ReplicaId replica) implements Command, WireMessage {}

  /** Asks what runs. */
  public record Describe(ActorRef<Description> replyTo) implements Command, WireMessage {}

  /** The model's replicas as they last reported; the ones that went silent are left out. */
  public record Description(ModelId model, List<Replica.Report> replicas) implements WireMessage {}

  /**
   * Asks how requests are routed.
   *
   * @param sessions how many sessions to tell at most, the ones used last
   */
  public record Inspect(int sessions, ActorRef<Inspected> replyTo)
      implements Command, WireMessage {}

  /**
   * How the requests of a model are routed.
   *
   * @param sessionCount how many sessions are remembered
   * @param sessions where some of them were last: session to replica
   */
  public record Inspected(
      ModelId model, SchedulerStats scheduler, int sessionCount, Map<String, String> sessions)
      implements WireMessage {}

  /**
   * Has a session go elsewhere from its next request on.
   *
   * @param replica where to, or null to forget where it was
   */
  public record Rebind(String session, @Nullable ReplicaId replica, ActorRef<Rebound> replyTo)
      implements Command, WireMessage {}

  /**
   * What came of it.
   *
   * @param before where the session was, or null where it was not known
   * @param refusal why nothing was changed, or null
   */
  public record Rebound(@Nullable ReplicaId before, @Nullable String refusal)
      implements WireMessage {}

  private record RequestPlaced(PlacementRequest request, ReplicaId replica) implements Command {}

  private record FromHolder(Holder.Told told) implements Command {}

  /** Ends the actor; what sharding sends when it takes the entity away. */
  public enum Stop implements Command {
    STOP
  }

  private enum Timer implements Command {
    SILENCE
  }

  private record Heard(Replica.Report report, long nanos) {}

  private final ModelId model;
  private final RouterSettings settings;
  private final ActorRef<Scheduler.Command> scheduler;
  private final Bindings bindings;
  private final Locator locator;
  private final Map<ReplicaId, Heard> replicas = new LinkedHashMap<>();

  private Router(
      ActorContext<Command> context,
      ModelId model,
      RouterSettings settings,
      SchedulerSettings schedulerSettings) {
    super(context);
    this.model = model;
    this.settings = settings;
    this.bindings = new Bindings(settings.sessionBound());
    this.locator =
        new Locator(
            settings.indexBlocks(),
            settings.askAgainAfter(),
            context.messageAdapter(Holder.Told.class, FromHolder::new));
    ActorRef<Scheduler.Placed> placed =
        context.messageAdapter(
            Scheduler.Placed.class, p -> new RequestPlaced(p.request(), p.replica()));
    RoutingPolicy policy = RoutingPolicies.create(settings.policy(), schedulerSettings.costAware());
    this.scheduler =
        context.spawn(Scheduler.create(schedulerSettings, policy, placed), "scheduler");
  }

  public static Behavior<Command> create(
      ModelId model, RouterSettings settings, SchedulerSettings schedulerSettings) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(
                      Timer.SILENCE, settings.replicaLostAfter().dividedBy(2));
                  return new Router(context, model, settings, schedulerSettings);
                }));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case Place place -> onPlace(place.request());
      case Release release -> scheduler.tell(new Scheduler.Release(release.sequence()));
      case ReplicaReported reported -> onReport(reported.report());
      case ReplicaDoubted doubted -> onDoubt(doubted.replica());
      case RequestPlaced placed -> onPlaced(placed.request(), placed.replica());
      case FromHolder from -> locator.told(from.told(), System.nanoTime());
      case Describe describe -> describe.replyTo().tell(description());
      case Inspect inspect -> onInspect(inspect);
      case Rebind rebind -> rebind.replyTo().tell(rebound(rebind));
      case Timer timer -> onSilence();
      case Stop stop -> {
        return Behaviors.stopped();
      }
    }
    return this;
  }

  @Override
  public Behavior<Command> onSignal(Signal signal) {
    if (signal instanceof PostStop) {
      locator.close();
    }
    return this;
  }

  private void onPlace(PlacementRequest request) {
    int context = longestContext();
    if (context > 0 && request.neededTokens() > context) {
      request
          .replyTo()
          .tell(
              new Scheduler.Refused(
                  request.sequence(),
                  Failure.contextLengthExceeded(context, request.neededTokens())));
      return;
    }
    Located located = locator.locate(request.blockHashes(), bindings.find(request.session()));
    scheduler.tell(new Scheduler.Assign(request, located));
  }

  private void onPlaced(PlacementRequest request, ReplicaId replica) {
    bindings.bind(request.session(), replica);
    locator.placed(replica, request.blockHashes());
  }

  /** 0 while no replica is ready: the question then waits with the request. */
  private int longestContext() {
    return replicas.values().stream()
        .map(heard -> heard.report().capabilities())
        .mapToInt(capabilities -> capabilities == null ? 0 : capabilities.contextTokens())
        .max()
        .orElse(0);
  }

  private void onReport(Replica.Report report) {
    replicas.put(report.replica(), new Heard(report, System.nanoTime()));
    EngineCapabilities capabilities = report.capabilities();
    if (report.state() == Replica.State.READY && capabilities != null) {
      locator.heard(report, System.nanoTime());
      scheduler.tell(
          new Scheduler.ReplicaReady(
              new ReadyReplica(
                  report.replica(),
                  capabilities.maxSequences(),
                  capabilities.preempts(),
                  pace(report),
                  report.stats(),
                  report.running(),
                  report.costPerHour()),
              report.ref()));
    } else {
      withdraw(report.replica());
    }
    if (report.state() == Replica.State.LEAVING) {
      replicas.remove(report.replica());
    }
  }

  /** Only the way to one gateway is broken where the replica still reports. */
  private void onDoubt(ReplicaId replica) {
    Heard last = replicas.get(replica);
    if (last != null && System.nanoTime() - last.nanos() >= settings.doubtAfter().toNanos()) {
      getContext().getLog().warn("replica {} has fallen silent", replica);
      replicas.remove(replica);
      withdraw(replica);
    }
  }

  private static Pace pace(Replica.Report report) {
    EngineStats stats = report.stats();
    KvOffer kv = report.kv();
    double prefill = stats == null ? 0 : stats.prefillTokensPerSecond();
    return kv == null
        ? Pace.measured(prefill, 0, 0, 0, 0)
        : Pace.measured(
            prefill,
            kv.hostBytesPerSecond(),
            kv.diskBytesPerSecond(),
            kv.peerBytesPerSecond(),
            kv.layout().tokenBytes());
  }

  private void onSilence() {
    long now = System.nanoTime();
    Duration limit = settings.replicaLostAfter();
    List<ReplicaId> silent = new ArrayList<>();
    replicas.forEach(
        (replica, heard) -> {
          if (now - heard.nanos() > limit.toNanos()) {
            silent.add(replica);
          }
        });
    for (ReplicaId replica : silent) {
      getContext().getLog().warn("replica {} has not reported for {}", replica, limit);
      replicas.remove(replica);
      withdraw(replica);
    }
  }

  private void withdraw(ReplicaId replica) {
    bindings.forget(replica);
    locator.withdraw(replica);
    scheduler.tell(new Scheduler.ReplicaLost(replica));
  }

  private void onInspect(Inspect inspect) {
    int count = bindings.size();
    Map<String, String> sessions = bindings.latest(inspect.sessions());
    scheduler.tell(
        new Scheduler.Describe(
            stats -> inspect.replyTo().tell(new Inspected(model, stats, count, sessions))));
  }

  private Rebound rebound(Rebind rebind) {
    ReplicaId before = bindings.find(rebind.session());
    ReplicaId wanted = rebind.replica();
    if (wanted == null) {
      bindings.unbind(rebind.session());
    } else if (replicas.containsKey(wanted)) {
      bindings.bind(rebind.session(), wanted);
    } else {
      return new Rebound(before, "there is no replica " + wanted);
    }
    return new Rebound(before, null);
  }

  private Description description() {
    return new Description(model, replicas.values().stream().map(Heard::report).toList());
  }
}
