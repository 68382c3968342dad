package io.sampo.actors.replica;

import io.sampo.engines.spi.Engine;

/** The KV that a node keeps for its replicas, outside their engines. */
public interface NodeKv {

  /** Keeps nothing. */
  NodeKv NONE = _ -> EngineKv.NONE;

  /** Exchanges KV with an engine from now on. Returns at once. */
  EngineKv serve(Engine engine);
}
