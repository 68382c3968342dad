package io.sampo.ops.jmx;

import io.sampo.ops.admin.Describe;

/** One tier of the KV that this node keeps beside its engines. */
@Describe("One tier of the KV that this node keeps beside its engines.")
public interface KvCacheMXBean {

  long getBudgetBytes();

  long getBytes();

  long getBlocks();

  @Describe("Blocks borrowed from this tier so far.")
  long getHits();

  @Describe("Blocks that had to make room so far.")
  long getEvicted();

  @Describe("Blocks that could not be written or were found damaged so far.")
  long getFailed();
}
