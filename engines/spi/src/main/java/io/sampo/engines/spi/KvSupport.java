package io.sampo.engines.spi;

import io.sampo.kvcache.block.KvLayout;

/** Whether an engine's KV can leave and enter it. */
public sealed interface KvSupport {

  /**
   * It can, in blocks of this layout.
   *
   * @param layout how its blocks lie in memory, their tokens and bytes, and whose they are
   */
  record Offered(KvLayout layout) implements KvSupport {}

  /**
   * It cannot, and this will not change while the engine is loaded.
   *
   * @param reason for people
   */
  record Refused(String reason) implements KvSupport {}
}
