package io.sampo.kvcache.event;

/** The holder has no block any more, in no tier. */
public record AllBlocksCleared(long epoch, long number) implements BlockEvent {

  /** Refuses what no holder may say. */
  public AllBlocksCleared {
    BlockEvent.require(epoch, number);
  }
}
