package io.sampo.actors.detour;

import io.sampo.actors.detour.BoundedLoad.Choice;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.EngineCapabilities;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One gateway's way to the router of one model. While the router answers everything goes there;
 * once it has fallen silent, what asks for a place gets one here, and what had asked before too.
 * Safe for many threads.
 */
public final class Detour implements Consumer<Router.Command> {

  /** What a route begins with that was found here. */
  public static final String ROUTE = "fallback";

  private static final Logger LOG = LoggerFactory.getLogger(Detour.class);
  private static final int RETRY_SECONDS = 1;

  /** What is needed to place a sequence without its blocks. */
  private record Wish(PlacementRequest request, String key) {

    static Wish of(PlacementRequest asked) {
      PlacementRequest light =
          new PlacementRequest(
              asked.sequence(),
              asked.session(),
              asked.neededTokens(),
              asked.answerTokens(),
              new long[0],
              asked.priority(),
              asked.service(),
              asked.remainingMillis(),
              asked.replyTo());
      return new Wish(light, keyOf(asked));
    }

    /** Who shares a conversation, or a beginning, goes to the same place. */
    private static String keyOf(PlacementRequest asked) {
      if (asked.session() != null) {
        return asked.session();
      }
      long[] blocks = asked.blockHashes();
      return blocks.length > 0 ? Long.toHexString(blocks[0]) : asked.sequence().generation();
    }
  }

  private final Consumer<Router.Command> router;

  /** Sequences that asked for a place and have not let go of it. */
  private final Map<SequenceKey, Wish> wishes = new LinkedHashMap<>();

  private final Map<SequenceKey, ReplicaId> placed = new HashMap<>();
  private final Set<ReplicaId> doubted = new HashSet<>();
  private Set<ReplicaId> drained = Set.of();
  private List<Replica.Report> replicas = List.of();
  private boolean silent;
  private long count;

  /**
   * @param router delivers a message to the router, as long as there is one
   */
  public Detour(Consumer<Router.Command> router) {
    this.router = router;
  }

  @Override
  public void accept(Router.Command command) {
    if (!detoured(command)) {
      router.accept(command);
    }
  }

  private synchronized boolean detoured(Router.Command command) {
    switch (command) {
      case Router.Place place -> {
        Wish wish = Wish.of(place.request());
        wishes.put(place.request().sequence(), wish);
        return silent && place(wish);
      }
      case Router.Release release -> {
        wishes.remove(release.sequence());
        placed.remove(release.sequence());
      }
      case Router.ReplicaDoubted doubt -> doubted.add(doubt.replica());
      default -> {}
    }
    return false;
  }

  /** The router has told of its replicas. */
  public synchronized void heard(List<Replica.Report> reported) {
    if (silent) {
      LOG.warn("the model's router answers again");
    }
    silent = false;
    replicas = List.copyOf(reported);
    placed.clear();
    doubted.clear();
  }

  /** These take nothing new, whatever the router has said last. */
  public synchronized void drained(Set<ReplicaId> now) {
    drained = Set.copyOf(now);
  }

  /** The router has not answered for so long that sequences go the other way. */
  public synchronized void silent() {
    if (!silent) {
      silent = true;
      LOG.warn("the model's router does not answer; requests go by its last word of its replicas");
      Set<SequenceKey> running = new HashSet<>();
      replicas.forEach(report -> running.addAll(report.running()));
      wishes.forEach(
          (sequence, wish) -> {
            if (!running.contains(sequence)) {
              place(wish);
            }
          });
    }
  }

  /** Whether anybody has a place or waits for one. */
  public synchronized boolean used() {
    return !wishes.isEmpty();
  }

  /** How many places were found here. */
  public synchronized long count() {
    return count;
  }

  /** Whether somebody is answered here while the router is silent. */
  public synchronized boolean serves() {
    return silent && replicas.stream().anyMatch(this::usable);
  }

  /** Whoever has a place already ignores the answer. */
  private boolean place(Wish wish) {
    PlacementRequest request = wish.request();
    List<Replica.Report> usable = replicas.stream().filter(this::usable).toList();
    int context =
        usable.stream().mapToInt(report -> capabilities(report).contextTokens()).max().orElse(0);
    if (usable.isEmpty()) {
      return false;
    }
    if (request.neededTokens() > context) {
      refuse(request, Failure.contextLengthExceeded(context, request.neededTokens()));
      return true;
    }
    Optional<ReplicaId> chosen = BoundedLoad.choose(wish.key(), choices(usable));
    if (chosen.isEmpty()) {
      refuse(request, Failure.unavailable(ErrorCode.OVERLOADED, RETRY_SECONDS));
      return true;
    }
    placed.put(request.sequence(), chosen.get());
    count++;
    Replica.Report there =
        usable.stream()
            .filter(report -> report.replica().equals(chosen.get()))
            .findFirst()
            .orElseThrow();
    request
        .replyTo()
        .tell(
            new Scheduler.Assigned(
                request.sequence(), there.replica(), there.ref(), null, ROUTE + " bounded-load"));
    return true;
  }

  private static void refuse(PlacementRequest request, Failure failure) {
    request.replyTo().tell(new Scheduler.Refused(request.sequence(), failure));
  }

  private boolean usable(Replica.Report report) {
    return report.state() == Replica.State.READY
        && report.capabilities() != null
        && !doubted.contains(report.replica())
        && !drained.contains(report.replica());
  }

  private List<Choice> choices(List<Replica.Report> usable) {
    List<Choice> choices = new ArrayList<>();
    for (Replica.Report report : usable) {
      int given = (int) placed.values().stream().filter(report.replica()::equals).count();
      int load = report.running().size() + given;
      choices.add(new Choice(report.replica(), load, capabilities(report).maxSequences()));
    }
    return choices;
  }

  private static EngineCapabilities capabilities(Replica.Report report) {
    EngineCapabilities capabilities = report.capabilities();
    if (capabilities == null) {
      throw new IllegalStateException("a replica that is ready has capabilities");
    }
    return capabilities;
  }
}
