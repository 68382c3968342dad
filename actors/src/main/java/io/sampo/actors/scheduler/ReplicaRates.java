package io.sampo.actors.scheduler;

import io.sampo.actors.wire.ReplicaId;

/**
 * What was learned of a replica.
 *
 * @param running sequences that are booked there
 * @param places how many it takes
 * @param observations reports that something was learned from
 * @param stepMillis of a step, whatever is in it
 * @param prefillMillis of one token of a prompt
 * @param decodeMillis of one answer in a step
 * @param concurrency answers at once by which the target from one token to the next is still met
 * @param staySeconds how long a sequence holds its place
 * @param costPerHour of its machine; 0 where nobody says
 */
public record ReplicaRates(
    ReplicaId replica,
    int running,
    int places,
    long observations,
    double stepMillis,
    double prefillMillis,
    double decodeMillis,
    int concurrency,
    double staySeconds,
    double costPerHour) {}
