package io.sampo.kvcache.transfer;

import java.io.IOException;

/**
 * What a peer sent is not what it must be; the reason is the end of a fetch. Does not leave here.
 */
final class DoubtException extends IOException {

  private static final long serialVersionUID = 1;

  private final FetchEnd end;

  DoubtException(FetchEnd end, String message) {
    super(message);
    this.end = end;
  }

  FetchEnd end() {
    return end;
  }

  static void unless(boolean holds, FetchEnd end, String message) throws DoubtException {
    if (!holds) {
      throw new DoubtException(end, message);
    }
  }
}
