/**
 * What operators ask and order, whatever door they come through. {@link
 * io.sampo.ops.admin.AdminApi} is all of it; {@link io.sampo.ops.admin.ClusterAdmin} carries it out
 * by asking the {@link io.sampo.ops.admin.NodeDesk} of every node concerned; {@link
 * io.sampo.ops.admin.EventLog} keeps what happened.
 *
 * <p>Invariant: every question has a deadline and comes back with what was heard until then; a node
 * that did not answer is named with the reason. Every change leaves one line in the audit log.
 */
@NullMarked
package io.sampo.ops.admin;

import org.jspecify.annotations.NullMarked;
