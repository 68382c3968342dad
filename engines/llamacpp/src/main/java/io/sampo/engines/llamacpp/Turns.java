package io.sampo.engines.llamacpp;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides which adapter the next step computes with, because a step can hold sequences of one
 * adapter only, or of none.
 *
 * <p>The adapters that have something to compute take turns, in a circle. A turn is one step or
 * more, for a change between adapters costs as much as some small steps: it goes on as long as a
 * whole round fits the inter-token target, so each of n adapters has an n-th of it. Then no stream
 * waits longer than the target for its next token, however many sequences the others have.
 *
 * <p>Nobody starves: who has just had its turn comes last, and a newcomer comes after those who
 * wait already. In the deterministic mode the sequence that is served next decides alone: the most
 * urgent one, then the oldest.
 */
final class Turns {

  /** A round where there is no target. */
  private static final int ROUND_MILLIS = 200;

  private final double roundNanos;
  private final boolean oneAtATime;

  /** Who has something to compute, the one whose turn was longest ago first. */
  private final List<@Nullable LoadedAdapter> circle = new ArrayList<>();

  private final List<@Nullable LoadedAdapter> ready = new ArrayList<>();
  private @Nullable LoadedAdapter current;
  private long spentNanos;
  private long lastNanos;

  Turns(StepPlanner.Rules rules) {
    roundNanos = (rules.targetMillis() > 0 ? rules.targetMillis() : ROUND_MILLIS) * 1e6;
    oneAtATime = rules.oneAtATime();
  }

  /** Decides whose turn the next step is. */
  void next(List<Sequence> running) {
    ready.clear();
    for (int i = 0; i < running.size(); i++) {
      LoadedAdapter adapter = running.get(i).adapter();
      if (running.get(i).readyTokens() > 0 && !ready.contains(adapter)) {
        ready.add(adapter);
      }
    }
    if (ready.isEmpty()) {
      return;
    }
    join();
    boolean passes = spentNanos + lastNanos > roundNanos / ready.size();
    if (oneAtATime) {
      begin(served(running));
    } else if (!circle.contains(current) || (passes && ready.size() > 1)) {
      if (circle.remove(current)) {
        circle.add(current);
      }
      begin(circle.getFirst());
    }
  }

  private static @Nullable LoadedAdapter served(List<Sequence> running) {
    Sequence first = null;
    for (Sequence sequence : running) {
      boolean goes = sequence.readyTokens() > 0;
      if (goes && (first == null || sequence.urgency() < first.urgency())) {
        first = sequence;
      }
    }
    return first == null ? null : first.adapter();
  }

  private void join() {
    circle.retainAll(ready);
    for (int i = 0; i < ready.size(); i++) {
      if (!circle.contains(ready.get(i))) {
        circle.add(ready.get(i));
      }
    }
  }

  private void begin(@Nullable LoadedAdapter adapter) {
    current = adapter;
    spentNanos = 0;
    lastNanos = 0;
  }

  /** Whose turn it is; null is the model alone. */
  @Nullable LoadedAdapter current() {
    return current;
  }

  /** How many take turns. */
  int count() {
    return Math.max(1, ready.size());
  }

  /** Whether a sequence may be in the next step. */
  boolean has(Sequence sequence) {
    return sequence.adapter() == current;
  }

  /** The step that was planned last took this time. */
  void computed(long nanos) {
    spentNanos += nanos;
    lastNanos = nanos;
  }
}
