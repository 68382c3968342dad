package io.sampo.cluster.membership;

/** A node could not join its cluster; the message is one line that says why. */
public final class JoinFailedException extends RuntimeException {

  public JoinFailedException(String message) {
    super(message);
  }
}
