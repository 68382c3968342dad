package io.sampo.kvcache.transfer;

import io.sampo.kvcache.transfer.Deadlines.Deadline;
import org.jspecify.annotations.Nullable;

/** A fetcher's connection to a peer that has proven itself; for one fetch at a time. */
final class Link implements AutoCloseable {

  private final SealedWire wire;
  private final Runnable end;
  private int requests;
  private @Nullable Deadline idle;

  /**
   * @param end closes the connection; may be called more than once
   */
  Link(SealedWire wire, Runnable end) {
    this.wire = wire;
    this.end = end;
  }

  SealedWire wire() {
    return wire;
  }

  /** The number of the next request. */
  int nextRequest() {
    return ++requests;
  }

  /** Nobody uses it until it is used again, or this passes. */
  void rest(Deadline until) {
    idle = until;
  }

  /** Whether it can be used again. */
  boolean wake() {
    if (idle == null) {
      return true;
    }
    idle.close();
    return !idle.passed();
  }

  @Override
  public void close() {
    end.run();
  }
}
