package io.sampo.ops.requests;

import io.sampo.actors.wire.Failure;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The requests that a gateway answers at this moment, and the figures of all that it has answered.
 *
 * <p>Invariant: figures are kept for no more models than the bound; those of others are kept
 * together, under {@value #OTHERS}.
 */
public final class RunningRequests {

  static final String OTHERS = "other";

  private static final int MOST_MODELS = 64;

  private final Set<RequestProgress> running = ConcurrentHashMap.newKeySet();
  private final Map<String, RequestStats> stats = new ConcurrentHashMap<>();

  /**
   * A request has come.
   *
   * @param answers how many answers it wants
   */
  public RequestProgress begin(RequestNames names, int answers) {
    RequestProgress progress =
        new RequestProgress(
            names, answers, statsOf(names.model()), System.nanoTime(), running::remove);
    running.add(progress);
    return progress;
  }

  private RequestStats statsOf(String model) {
    RequestStats known = stats.get(model);
    if (known != null) {
      return known;
    }
    String key = stats.size() < MOST_MODELS ? model : OTHERS;
    return stats.computeIfAbsent(key, _ -> new RequestStats());
  }

  /** Those that run, the oldest first. */
  public List<RequestProgress> running() {
    long now = System.nanoTime();
    return running.stream()
        .sorted((one, other) -> Long.compare(other.ageMillis(now), one.ageMillis(now)))
        .toList();
  }

  /** Figures by model. */
  public Map<String, RequestStats> stats() {
    return new TreeMap<>(stats);
  }

  /**
   * Ends the requests of this id.
   *
   * @return how many there were
   */
  public int cancel(String id, Failure failure) {
    List<RequestProgress> meant =
        running.stream().filter(request -> request.names().id().equals(id)).toList();
    meant.forEach(request -> request.cancel(failure));
    return meant.size();
  }
}
