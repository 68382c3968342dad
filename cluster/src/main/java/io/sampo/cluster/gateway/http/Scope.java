package io.sampo.cluster.gateway.http;

/** What a key lets its owner do. */
public enum Scope {
  /** Nothing but asking how the node is, which needs no key. */
  NONE,
  /** Having requests answered. */
  INFER,
  /** Looking at the cluster, on the admin listener. */
  READ,
  /** Changing it, and all of the above. */
  ADMIN;

  /** Whether a key of this scope may do what needs that one. */
  boolean allows(Scope needed) {
    return this == ADMIN || needed == NONE || this == needed;
  }
}
