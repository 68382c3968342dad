package io.sampo.actors.wire;

/**
 * One attempt at one of a request's answers. An attempt that was given up keeps talking for a while
 * (a frozen node that wakes); its epoch tells its messages from the current one's.
 *
 * @param generation the request's unique number, made by its gateway; a client's request id may
 *     repeat, this does not
 * @param choice which of the request's answers, from 0
 * @param epoch which attempt, from 0
 */
public record SequenceKey(String generation, int choice, int epoch) {}
