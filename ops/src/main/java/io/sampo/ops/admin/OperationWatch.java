package io.sampo.ops.admin;

import io.sampo.actors.placement.Desired;
import io.sampo.actors.placement.Desired.Operation;
import io.sampo.actors.placement.Desired.Progress;
import java.util.HashMap;
import java.util.Map;

/**
 * Makes events of operations that begin and end: {@code drain-begun}, {@code drain-done}, {@code
 * drain-taken-back}, and so on.
 */
public final class OperationWatch {

  private final EventLog log;
  private Map<String, Progress> known = Map.of();

  public OperationWatch(EventLog log) {
    this.log = log;
  }

  /** What is wanted of the cluster now. */
  public synchronized void hear(Desired desired) {
    Map<String, Progress> now = new HashMap<>();
    for (Operation operation : desired.operations()) {
      now.put(operation.id(), operation.progress());
      if (known.get(operation.id()) != operation.progress()) {
        log.add(kind(operation), operation.target().toString(), operation.id());
      }
    }
    known = now;
  }

  private static String kind(Operation operation) {
    return operation.verb().word()
        + switch (operation.progress()) {
          case RUNNING -> "-begun";
          case DONE -> "-done";
          case TAKEN_BACK -> "-taken-back";
        };
  }
}
