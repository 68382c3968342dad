package io.sampo.actors.replica;

/**
 * What the block store of a replica's node holds, and what went in and out of it since the node
 * began. Replicas of one node tell the same.
 *
 * @param hostBytes taken of main memory
 * @param hostBlocks there now
 * @param hostHits blocks that were lent from there
 * @param hostEvicted blocks that had to go
 * @param diskBytes taken of files, as are the next three
 * @param published blocks that came from engines
 * @param restored blocks that went back to engines, which lacked them
 * @param wonMillis by how much sequences began sooner than computing would have let them, together
 * @param lostMillis by how much later, together
 * @param declined how often blocks that could be had were computed instead
 * @param given blocks to other nodes
 * @param givenBytes bytes of these
 * @param fetched blocks from other nodes
 * @param fetchedBytes bytes of these
 * @param doubted fetches that ended with a block that was not what it should be
 */
public record KvCounters(
    long hostBytes,
    long hostBlocks,
    long hostHits,
    long hostEvicted,
    long diskBytes,
    long diskBlocks,
    long diskHits,
    long diskEvicted,
    long published,
    long restored,
    long wonMillis,
    long lostMillis,
    long declined,
    long given,
    long givenBytes,
    long fetched,
    long fetchedBytes,
    long doubted) {

  /** Of a node that has done nothing yet. */
  public static final KvCounters NONE =
      new KvCounters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
