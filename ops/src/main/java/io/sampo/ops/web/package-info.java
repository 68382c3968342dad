/**
 * The web page: a chat for clients and a view of the cluster for operators. Its sources are in
 * {@code ops/web}, and the build leaves it in this package as files.
 *
 * <p>Invariant: the page asks the listener that gave it and nobody else, so no listener lets pages
 * of other origins in.
 */
@NullMarked
package io.sampo.ops.web;

import org.jspecify.annotations.NullMarked;
