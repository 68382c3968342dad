package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.KvScope;
import org.jspecify.annotations.Nullable;

/**
 * What two sequences must have in common for one to use the KV of the other: what was computed with
 * one adapter is wrong for any other, and a scope's KV is nobody else's business.
 *
 * @param adapter what it is computed with; null for the model alone
 */
record Kin(@Nullable LoadedAdapter adapter, KvScope scope) {

  /** Of the model alone, for all. */
  static final Kin COMMON = new Kin(null, KvScope.COMMON);

  /** Whether one may use the other's KV. */
  boolean shares(Kin other) {
    return scope.shared() && adapter == other.adapter && scope.equals(other.scope);
  }
}
