/**
 * How nodes find each other and stay together. {@link io.sampo.cluster.membership.Membership} has a
 * node form a cluster of its own or join one by its {@link io.sampo.cluster.membership.Seeds}, and
 * says in one line why it could not. {@link io.sampo.cluster.membership.Survival} decides who goes
 * on when nodes have lost each other, {@link io.sampo.cluster.membership.ClusterTls} who may come
 * in.
 *
 * <p>Invariant: nodes are known by numeric addresses, so that a name and its address are never two
 * nodes.
 */
@NullMarked
package io.sampo.cluster.membership;

import org.jspecify.annotations.NullMarked;
