package io.sampo.actors.standby;

/**
 * What a gateway keeps of streams, and what came of it since its start.
 *
 * @param streams that run here and can be taken up
 * @param copies of streams of other gateways
 * @param resting streams that were left or have ended, and can still be taken up
 * @param bytes of all of these
 * @param dropped records that were given up for want of room
 * @param found streams that a client came back to and that were found
 * @param missed streams that a client came back to and that were not
 */
public record StandbyStats(
    int streams, int copies, int resting, long bytes, long dropped, long found, long missed) {

  public static final StandbyStats NONE = new StandbyStats(0, 0, 0, 0, 0, 0, 0);
}
