/**
 * A node's MBeans under {@code io.sampo}, and the guarded way to them over the network. {@link
 * io.sampo.ops.jmx.Beans} registers them; {@link io.sampo.ops.jmx.JmxListener} lets remote clients
 * at those and at the reading side of the platform's, and at nothing else.
 *
 * <p>Invariant: an attribute is a published snapshot and waits for nobody; only operations ask, and
 * have a deadline.
 */
@NullMarked
package io.sampo.ops.jmx;

import org.jspecify.annotations.NullMarked;
