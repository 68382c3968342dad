package io.sampo.cluster.membership;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.coordination.lease.LeaseSettings;
import org.apache.pekko.coordination.lease.javadsl.Lease;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which side of a cluster goes on when its nodes have lost each other. Pekko's split-brain resolver
 * asks each side for a lease; this one is kept nowhere, each side works out whether it has it:
 *
 * <ol>
 *   <li>The greater side has it.
 *   <li>Whoever finds that there is no process any more where the others were has it: the machines
 *       answer for them that nobody listens. That tells a crash from a cut line, so that of two
 *       nodes either survives the other's crash.
 *   <li>Of two equal sides the one with the oldest node has it.
 * </ol>
 *
 * <p>Where machines die and lines are cut at the same time both sides can be wrong: none goes on,
 * or, behind a firewall that answers for a machine, both do. Two owners of a router or a replica
 * cost time and no answer, because replicas keep to their own bounds and tokens carry epochs.
 */
public final class Survival extends Lease {

  private static final Logger LOG = LoggerFactory.getLogger(Survival.class);

  private static final Duration LOOK_LIMIT = Duration.ofSeconds(1);

  /** Looks whether anything listens at a node's address. */
  @FunctionalInterface
  interface Look {

    CompletableFuture<Boolean> gone(Seed node);
  }

  private final LeaseSettings settings;
  private final Cluster cluster;
  private final Look look;

  /** For Pekko, which makes it by name. */
  public Survival(LeaseSettings settings, ExtendedActorSystem system) {
    this.settings = settings;
    this.cluster = Cluster.get(system);
    this.look =
        node ->
            CompletableFuture.supplyAsync(
                () -> Seeds.nobodyListens(node, LOOK_LIMIT),
                task -> Thread.ofVirtual().name("survival").start(task));
  }

  @Override
  public LeaseSettings getSettings() {
    return settings;
  }

  @Override
  public CompletionStage<Boolean> acquire() {
    CurrentClusterState state = cluster.state();
    List<Member> members =
        StreamSupport.stream(state.getMembers().spliterator(), false)
            .sorted(Member.ageOrdering())
            .toList();
    Set<Member> lost = state.getUnreachable();
    return goesOn(
            members.stream().map(Survival::seed).toList(),
            lost.stream().map(Survival::seed).collect(Collectors.toSet()),
            look)
        .thenApply(
            goesOn -> {
              LOG.warn(
                  "{} of {} nodes are lost; this side {}",
                  lost.size(),
                  members.size(),
                  goesOn ? "goes on" : "ends");
              return goesOn;
            });
  }

  private static Seed seed(Member member) {
    return Membership.seed(member.address());
  }

  /**
   * The rule.
   *
   * @param members all nodes, the oldest first
   * @param lost those of them that this side does not reach
   */
  static CompletionStage<Boolean> goesOn(List<Seed> members, Set<Seed> lost, Look look) {
    int here = members.size() - lost.size();
    if (here > lost.size()) {
      return CompletableFuture.completedStage(true);
    }
    CompletableFuture<Boolean> allGone = CompletableFuture.completedFuture(true);
    for (Seed node : lost) {
      allGone = allGone.thenCombine(look.gone(node), Boolean::logicalAnd);
    }
    boolean oldestOfEqual = here == lost.size() && !lost.contains(members.getFirst());
    return allGone.thenApply(gone -> gone || oldestOfEqual);
  }

  @Override
  public CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> lost) {
    return acquire();
  }

  @Override
  public CompletionStage<Boolean> release() {
    return CompletableFuture.completedStage(true);
  }

  @Override
  public boolean checkLease() {
    return false;
  }
}
