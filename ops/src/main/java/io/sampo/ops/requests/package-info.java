/**
 * A gateway's requests as figures: those that run, for operators who look, and what became of those
 * that ended, for metrics. {@link io.sampo.ops.requests.RunningRequests} is where a request is
 * begun; its {@link io.sampo.ops.requests.RequestProgress} is told what happens to it.
 *
 * <p>Invariant: the way of a token allocates nothing and takes no lock. Texts are not known here.
 */
@NullMarked
package io.sampo.ops.requests;

import org.jspecify.annotations.NullMarked;
