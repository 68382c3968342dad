package io.sampo.actors.scheduler;

import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.EngineStats;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/** Reports of a replica whose steps take what three numbers say, exactly. */
public record Reports(
    ReplicaId replica,
    int places,
    boolean preempts,
    double stepMillis,
    double prefillMillis,
    double decodeMillis,
    double costPerHour) {

  private static final int TO_LEARN_FROM = 30;

  /** As it would report for half a minute of mixed work, so that its speed is known. */
  public void teach(Consumer<ReadyReplica> heard) {
    Random random = new Random(3);
    long prefill = 0;
    long decode = 0;
    for (int steps = 1; steps <= TO_LEARN_FROM; steps++) {
      heard.accept(ready(steps, prefill, decode, List.of()));
      prefill += random.nextInt(500);
      decode += random.nextInt(16);
    }
  }

  /** What it says after so much work. */
  public ReadyReplica ready(long steps, long prefill, long decode, List<SequenceKey> running) {
    double millis = steps * stepMillis + prefill * prefillMillis + decode * decodeMillis;
    EngineStats stats =
        new EngineStats(
            0,
            0,
            0,
            0,
            100_000,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            steps,
            0,
            prefill,
            decode,
            (long) (millis * 1e6));
    return new ReadyReplica(replica, places, preempts, Pace.UNKNOWN, stats, running, costPerHour);
  }
}
