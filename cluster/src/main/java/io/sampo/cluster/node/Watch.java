package io.sampo.cluster.node;

import io.sampo.actors.router.Router;
import io.sampo.ops.admin.EventLog;
import io.sampo.ops.admin.NodeRound;
import io.sampo.ops.admin.ReplicaWatch;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * Sees what happens around a node and makes events of it: members that come and go and, on a
 * gateway, queues that fill.
 */
final class Watch {

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /** The watch's messages. */
  sealed interface Sight {}

  private record Membership(ClusterEvent.MemberEvent event) implements Sight {}

  private record Reachability(ClusterEvent.ReachabilityEvent event) implements Sight {}

  private record Routing(Router.Inspected told) implements Sight {}

  private record Ask() implements Sight {}

  private final EventLog log;
  private final ReplicaWatch replicas;

  Watch(EventLog log, ReplicaWatch replicas) {
    this.log = log;
    this.replicas = replicas;
  }

  /** Watches the members alone. */
  Behavior<Sight> members() {
    return Behaviors.setup(
        context -> {
          subscribe(context);
          return Behaviors.receiveMessage(this::on);
        });
  }

  /**
   * Watches the members and a model's queue.
   *
   * @param router delivers to the model's router
   * @param draining whether the router is to be left alone
   * @param told also hears what the router tells
   */
  Behavior<Sight> membersAndQueue(
      Consumer<Router.Command> router, BooleanSupplier draining, Consumer<Router.Inspected> told) {
    return Behaviors.setup(
        context -> {
          subscribe(context);
          ActorRef<Router.Inspected> answers =
              context.messageAdapter(Router.Inspected.class, Routing::new);
          context.getSelf().tell(new Ask());
          return Behaviors.receiveMessage(
              sight -> {
                if (sight instanceof Ask && !draining.getAsBoolean()) {
                  router.accept(new Router.Inspect(0, answers));
                  context.scheduleOnce(INTERVAL, context.getSelf(), new Ask());
                } else if (sight instanceof Routing routing) {
                  told.accept(routing.told());
                }
                return on(sight);
              });
        });
  }

  private static void subscribe(ActorContext<Sight> context) {
    Cluster cluster = Cluster.get(context.getSystem());
    cluster
        .subscriptions()
        .tell(
            Subscribe.create(
                context.messageAdapter(ClusterEvent.MemberEvent.class, Membership::new),
                ClusterEvent.MemberEvent.class));
    cluster
        .subscriptions()
        .tell(
            Subscribe.create(
                context.messageAdapter(ClusterEvent.ReachabilityEvent.class, Reachability::new),
                ClusterEvent.ReachabilityEvent.class));
  }

  private Behavior<Sight> on(Sight sight) {
    switch (sight) {
      case Membership(ClusterEvent.MemberUp up) ->
          log.add("member-up", NodeRound.name(up.member().address()), roles(up));
      case Membership(ClusterEvent.MemberExited exited) ->
          log.add("member-leaving", NodeRound.name(exited.member().address()), "");
      case Membership(ClusterEvent.MemberDowned downed) ->
          log.add("member-down", NodeRound.name(downed.member().address()), "");
      case Membership(ClusterEvent.MemberRemoved removed) ->
          log.add("member-removed", NodeRound.name(removed.member().address()), "");
      case Membership _, Ask _ -> {}
      case Reachability(ClusterEvent.UnreachableMember lost) ->
          log.add("member-unreachable", NodeRound.name(lost.member().address()), "");
      case Reachability(ClusterEvent.ReachableMember found) ->
          log.add("member-reachable", NodeRound.name(found.member().address()), "");
      case Reachability _ -> {}
      case Routing routing -> replicas.hear(routing.told());
    }
    return Behaviors.same();
  }

  private static String roles(ClusterEvent.MemberUp up) {
    return String.join(",", up.member().getRoles());
  }
}
