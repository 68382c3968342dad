package io.sampo.kvcache.restore;

import io.sampo.kvcache.block.BorrowedBlock;
import java.time.Duration;
import java.util.List;

/** Gives the blocks of one text, from one source. */
@FunctionalInterface
public interface Supply {

  /**
   * Gets some blocks; waits for them.
   *
   * @param first the first one wanted, 0 for the text's first
   * @param count how many
   * @param within how long it may take
   * @return the leading ones of them that can be had, sound and of this text; to be closed each
   */
  List<BorrowedBlock> take(int first, int count, Duration within);
}
