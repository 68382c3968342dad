package io.sampo.cluster.membership;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.typesafe.config.Config;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent.MemberUp;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.apache.pekko.cluster.typed.SelfUp;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * This node's way into its cluster and out of it.
 *
 * <p>A node whose own address is the first of its seeds forms the cluster when none of the others
 * answers, so that the same list can be given to all nodes; any other waits for one that is there.
 * Names are looked up again while it waits: a service may learn of its nodes only then.
 */
public final class Membership {

  private static final Duration LOOK_UP_AGAIN = Duration.ofSeconds(5);
  private static final Duration LOOK_UP_UNKNOWN_AGAIN = Duration.ofSeconds(1);

  private final ActorSystem<?> system;
  private final Cluster cluster;
  private final Seeds seeds;
  private final boolean alone;
  private final Duration limit;
  private final CompletableFuture<Void> joined = new CompletableFuture<>();
  private final CompletableFuture<Void> metEngine = new CompletableFuture<>();
  private List<Address> asked = List.of();

  /** Neither forms nor joins anything yet. */
  public Membership(ActorSystem<?> system, ClusterSettings settings) {
    Config config = system.settings().config();
    this.system = system;
    this.cluster = Cluster.get(system);
    this.seeds = new Seeds(settings.join());
    this.alone = settings.join().isEmpty();
    this.limit = config.getDuration("cluster.membership.join-limit");
  }

  /** Forms a cluster, or begins to join one. */
  public void begin() {
    system.systemActorOf(untilUp(), "membership", Props.empty());
    system.systemActorOf(untilOtherEngine(), "other-engine-node", Props.empty());
    system.getWhenTerminated().whenComplete((_, _) -> joined.completeExceptionally(ended()));
    if (alone) {
      cluster.manager().tell(Join.create(cluster.selfMember().address()));
    } else {
      Thread.ofVirtual().name("join").start(this::join);
    }
  }

  private Behavior<SelfUp> untilUp() {
    return Behaviors.setup(
        context -> {
          cluster.subscriptions().tell(Subscribe.create(context.getSelf(), SelfUp.class));
          return Behaviors.receiveMessage(
              _ -> {
                joined.complete(null);
                return Behaviors.stopped();
              });
        });
  }

  private Behavior<MemberUp> untilOtherEngine() {
    return Behaviors.setup(
        context -> {
          cluster.subscriptions().tell(Subscribe.create(context.getSelf(), MemberUp.class));
          return Behaviors.receiveMessage(
              up -> {
                Member member = up.member();
                if (member.hasRole(Role.ENGINE.word())
                    && !member.uniqueAddress().equals(cluster.selfMember().uniqueAddress())) {
                  metEngine.complete(null);
                  return Behaviors.stopped();
                }
                return Behaviors.same();
              });
        });
  }

  private void join() {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!joined.isDone()) {
      ask(seeds.addresses());
      Duration pause = asked.isEmpty() ? LOOK_UP_UNKNOWN_AGAIN : LOOK_UP_AGAIN;
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        joined.completeExceptionally(
            new JoinFailedException(
                "cannot join a cluster within " + limit.toSeconds() + " s: " + seeds.found()));
      } else {
        await(Duration.ofNanos(Math.min(pause.toNanos(), left)));
      }
    }
  }

  /** Pekko goes on asking those it was told, until it is told others. */
  private void ask(Iterable<InetSocketAddress> found) {
    Address self = cluster.selfMember().address();
    List<Address> addresses = new ArrayList<>();
    for (InetSocketAddress one : found) {
      String host = Seeds.numeric(one.getAddress());
      addresses.add(new Address(self.protocol(), self.system(), host, one.getPort()));
    }
    if (!addresses.isEmpty() && !addresses.equals(asked)) {
      asked = addresses;
      cluster.manager().tell(new JoinSeedNodes(addresses));
    }
  }

  private void await(Duration pause) {
    try {
      joined.copy().completeOnTimeout(null, pause.toMillis(), MILLISECONDS).get();
    } catch (ExecutionException ended) {
      // The loop ends too.
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      joined.completeExceptionally(interrupted);
    }
  }

  private JoinFailedException ended() {
    boolean incompatible =
        CoordinatedShutdown.get(system)
            .getShutdownReason()
            .filter(CoordinatedShutdown.incompatibleConfigurationDetectedReason()::equals)
            .isPresent();
    return new JoinFailedException(
        incompatible
            ? "cannot join this cluster: its nodes have other settings, or another version of Sampo"
                + " that does not go with this one; the log above names them"
            : "the node was stopped before it had joined its cluster");
  }

  /** Done when this node is a full member; fails with a {@link JoinFailedException}. */
  public CompletionStage<Void> joined() {
    return joined;
  }

  /** Done when another node of the cluster runs engines, or did; never where none does. */
  public CompletionStage<Void> metEngineNode() {
    return metEngine;
  }

  /** Whether this node has become a full member. */
  public boolean isMember() {
    return joined.isDone() && !joined.isCompletedExceptionally();
  }

  /** Where other nodes reach this one, with the port that the system chose. */
  public Seed address() {
    return seed(cluster.selfMember().address());
  }

  static Seed seed(Address node) {
    return Seed.parse(node.hostPort().substring(node.system().length() + 1));
  }

  /** Why this node is no member any more although nobody here stopped it; in a line. */
  public Optional<String> removed() {
    return CoordinatedShutdown.get(system)
        .getShutdownReason()
        .filter(CoordinatedShutdown.clusterDowningReason()::equals)
        .map(
            _ ->
                "this node was removed from its cluster, because it and the others had lost each"
                    + " other; start it again to join anew");
  }
}
