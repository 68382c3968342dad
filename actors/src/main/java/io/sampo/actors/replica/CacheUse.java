package io.sampo.actors.replica;

import io.sampo.engines.spi.KvScope;

/**
 * How a sequence uses KV that was computed before.
 *
 * @param scope with whom it shares KV, in the engine and in what its node keeps
 */
public record CacheUse(KvScope scope) {

  /** Shares with all who ask for nothing else. */
  public static final CacheUse COMMON = new CacheUse(KvScope.COMMON);
}
