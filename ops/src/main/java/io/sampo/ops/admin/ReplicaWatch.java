package io.sampo.ops.admin;

import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Makes events of what changes between two looks at replicas and queues. */
public final class ReplicaWatch {

  /** A queue is told of when it is so full, and again once it was half as full in between. */
  private static final double FULL = 0.9;

  private final EventLog log;
  private final Map<ReplicaId, Replica.State> states = new HashMap<>();
  private final Map<ReplicaId, String> places = new HashMap<>();
  private final Set<ModelId> full = new HashSet<>();

  public ReplicaWatch(EventLog log) {
    this.log = log;
  }

  /** All replicas that are known now. */
  public synchronized void hear(List<Replica.Report> reports) {
    Set<ReplicaId> gone = new HashSet<>(states.keySet());
    for (Replica.Report report : reports) {
      gone.remove(report.replica());
      place(report);
      Replica.State before = states.put(report.replica(), report.state());
      if (before != report.state()) {
        String kind = "replica-" + report.state().name().toLowerCase(Locale.ROOT);
        String failure = report.failure();
        log.add(kind, report.replica().toString(), failure == null ? "" : failure);
      }
    }
    for (ReplicaId replica : gone) {
      states.remove(replica);
      places.remove(replica);
      log.add("replica-lost", replica.toString(), "no word of it any more");
    }
  }

  private void place(Replica.Report report) {
    String node = report.ref().path().address().toString();
    String before = places.put(report.replica(), node);
    if (before != null && !before.equals(node)) {
      log.add("replica-moved", report.replica().toString(), "from " + before + " to " + node);
    }
  }

  /** How a model's requests are routed now. */
  public synchronized void hear(Router.Inspected routing) {
    int waiting = routing.scheduler().waiting();
    int bound = routing.scheduler().waitingBound();
    if (waiting >= bound * FULL && full.add(routing.model())) {
      log.add("queue-full", routing.model().name(), waiting + " of " + bound + " wait");
    } else if (waiting < bound * FULL / 2 && full.remove(routing.model())) {
      log.add("queue-eased", routing.model().name(), waiting + " of " + bound + " wait");
    }
  }
}
