/**
 * The log. {@link io.sampo.cluster.logging.Logging} says what is logged and where, in code and not
 * in XML, because reading logback's XML is a noticeable share of a node's start. Everything goes to
 * standard error, one line for each record.
 *
 * <p>Invariant: no control character of a message reaches the terminal, so a record cannot forge
 * another.
 */
@NullMarked
package io.sampo.cluster.logging;

import org.jspecify.annotations.NullMarked;
