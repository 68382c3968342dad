package io.sampo.cluster.cli.settings;

/** The command was asked wrongly; the message is one line that says what to do. Exit code 2. */
public final class UsageException extends RuntimeException {

  public UsageException(String message) {
    super(message);
  }
}
