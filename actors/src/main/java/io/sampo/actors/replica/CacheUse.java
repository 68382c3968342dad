package io.sampo.actors.replica;

import io.sampo.actors.wire.KvHint;
import io.sampo.engines.spi.KvScope;
import org.jspecify.annotations.Nullable;

/**
 * How a sequence uses KV that was computed before.
 *
 * @param scope with whom it shares KV, in the engine and in what its node keeps
 * @param hint which other node probably has more of it, or null
 */
public record CacheUse(KvScope scope, @Nullable KvHint hint) {

  /** Shares with all who ask for nothing else. */
  public static final CacheUse COMMON = new CacheUse(KvScope.COMMON, null);
}
