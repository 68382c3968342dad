package io.sampo.cluster.gateway;

import java.util.Optional;

/** What the health endpoints tell of this node. Answers at once; asked on every probe. */
public interface NodeHealth {

  /** Whether the process still works; false asks a supervisor to restart it. */
  boolean live();

  /**
   * Why this node cannot serve now, in a few words for an operator ({@code "loading the model"}),
   * or empty when it can.
   */
  Optional<String> notReady();

  /** Whether this node is being stopped. */
  boolean draining();
}
