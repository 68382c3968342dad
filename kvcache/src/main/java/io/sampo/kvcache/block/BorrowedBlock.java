package io.sampo.kvcache.block;

/**
 * A block that somebody else keeps. Until it is closed its bytes stay where and what they are,
 * whatever happens to the block at its owner's; after that they must not be looked at. May be used
 * and closed by any thread; closing it twice does no harm.
 */
public interface BorrowedBlock extends AutoCloseable {

  /** The block: its bytes, its layout, its position. */
  KvBlock block();

  @Override
  void close();
}
