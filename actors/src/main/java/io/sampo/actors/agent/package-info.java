/**
 * The ear of one node for operators. {@link io.sampo.actors.agent.NodeAgent} takes questions from
 * any node of the cluster and has them answered on threads that may wait; what the questions mean
 * is the business of whoever starts it.
 *
 * <p>Invariant: every question is answered once, by an answer or by a refusal, and no more are
 * under way than the bound.
 */
@NullMarked
package io.sampo.actors.agent;

import org.jspecify.annotations.NullMarked;
