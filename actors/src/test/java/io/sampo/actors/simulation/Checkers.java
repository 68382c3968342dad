package io.sampo.actors.simulation;

import io.sampo.actors.simulation.SimRequest.End;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What must hold, whatever happens. */
final class Checkers {

  private final Map<String, List<End>> ends = new HashMap<>();
  private final List<String> broken = new ArrayList<>();

  void asked(SimRequest request) {
    ends.putIfAbsent(request.name, new ArrayList<>());
  }

  /** Each request ends once, and one that is complete has every token once, in order. */
  void ended(SimRequest request, End how) {
    List<End> before = ends.computeIfAbsent(request.name, _ -> new ArrayList<>());
    if (!before.isEmpty()) {
      broken.add(request.name + " ended again: " + before + ", then " + how);
    }
    before.add(how);
    if (how == End.COMPLETED) {
      if (!request.right()) {
        broken.add(request.name + " is complete with other tokens than it should have");
      }
    }
  }

  /** At all times: no queue and no replica beyond its bound. */
  void always(SimRouter router, List<SimReplica> replicas, long now) {
    if (router.decisions().waiting(now) > SimRouter.WAITING_BOUND) {
      broken.add("more wait than may");
    }
    if (router.decisions().overbooked(now)) {
      broken.add("a replica is booked beyond its places");
    }
    for (SimReplica replica : replicas) {
      if (replica.running() > SimReplica.PLACES) {
        broken.add(replica.id + " runs more than it takes");
      }
    }
  }

  /** When all is calm again: everybody has heard of an end, and nothing is booked. */
  void atEnd(SimRouter router, long now) {
    ends.forEach(
        (name, how) -> {
          if (how.isEmpty()) {
            broken.add(name + " never ended");
          }
        });
    int booked = router.decisions().booked(now);
    if (booked != 0) {
      broken.add(booked + " bookings of sequences that have ended");
    }
    if (router.decisions().waiting(now) != 0) {
      broken.add("somebody still waits who has ended");
    }
  }

  /** Whether somebody has not heard of an end. */
  boolean open() {
    return ends.values().stream().anyMatch(List::isEmpty);
  }

  List<String> broken() {
    return broken;
  }
}
