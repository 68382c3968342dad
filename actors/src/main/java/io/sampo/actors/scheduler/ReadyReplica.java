package io.sampo.actors.scheduler;

import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.EngineStats;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A replica that can take work, as it reports itself.
 *
 * @param maxSequences how many it runs at once
 * @param preempts as in {@link io.sampo.engines.spi.EngineCapabilities#preempts}
 * @param stats what its engine has done, or null
 * @param running the sequences that hold a place there
 * @param costPerHour of its machine; 0 where nobody says
 */
public record ReadyReplica(
    ReplicaId replica,
    int maxSequences,
    boolean preempts,
    Pace pace,
    @Nullable EngineStats stats,
    List<SequenceKey> running,
    double costPerHour) {}
