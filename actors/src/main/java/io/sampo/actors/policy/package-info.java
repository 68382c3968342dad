/**
 * Chooses among replicas. A {@link io.sampo.actors.policy.RoutingPolicy} is given a {@link
 * io.sampo.actors.policy.Question} and what is known of each replica ({@link
 * io.sampo.actors.policy.Candidate}), and names one. {@code affinity} is ours; the others are those
 * of other systems, with their constants, so that anybody can compare under equal conditions.
 *
 * <p>Invariant: to choose changes nothing; only {@link io.sampo.actors.policy.RoutingPolicy#booked}
 * does. So a question may be asked again while its request waits.
 */
@NullMarked
package io.sampo.actors.policy;

import org.jspecify.annotations.NullMarked;
