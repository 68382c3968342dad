package io.sampo.kvcache.transfer;

/** Why a fetch ended. All but {@link #COMPLETE} mean that what did not come is a miss. */
public enum FetchEnd {
  /** Every wanted block came. */
  COMPLETE(false),
  /** The peer holds no more of them. */
  NOT_HELD(false),
  /** The peer holds the next one in another layout, of another model, or at another position. */
  OTHER_LAYOUT(false),
  /** The deadline passed; a peer that did not send one whole block by then counts as stalled. */
  DEADLINE(false),
  /** As many fetches from this peer as may wait do wait, or one's turn did not come in time. */
  BUSY(false),
  /** The peer failed lately, and its time to be tried again has not come. */
  BYPASSED(false),
  /** The thread was interrupted or the fetcher closed. */
  CANCELLED(false),
  /** No connection could be made, or the peer closed it before it had said who it is. */
  UNREACHABLE(true),
  /** The connection broke while blocks came. */
  BROKEN(true),
  /** The peer does not know the cluster's secret, or TLS found it to be somebody else. */
  UNTRUSTED(true),
  /** Bytes that do not have the form of an answer, or not to this question. */
  MALFORMED(true),
  /** A block of another length than the wanted layout's. */
  WRONG_LENGTH(true),
  /** A block out of its order. */
  WRONG_ORDER(true),
  /** A block of another name than was asked for: another text's, another tenant's. */
  WRONG_HASH(true),
  /** Bytes that were changed on their way, or come from another connection. */
  FORGED(true),
  /** A block whose header names another model, format or shape. */
  WRONG_LAYOUT(true),
  /** A block of another place in a text. */
  WRONG_POSITION(true),
  /** A block whose bytes are not those that were sealed: damaged where it was kept. */
  DAMAGED(true);

  private final boolean peerFailed;

  FetchEnd(boolean peerFailed) {
    this.peerFailed = peerFailed;
  }

  /** Whether it speaks against the peer, so that it is bypassed for a while. */
  boolean peerFailed() {
    return peerFailed;
  }

  /** Whether something came that is not what it must be, of which nothing was used. */
  boolean isDoubt() {
    return peerFailed && this != UNREACHABLE && this != BROKEN;
  }

  /** Whether the connection is where it was before the request, and fit for another. */
  boolean connectionIsSound() {
    return this == COMPLETE || this == NOT_HELD || this == OTHER_LAYOUT;
  }
}
