package io.sampo.cluster.cli;

/** The verb could not do its work; the message is one line that says what to do. Exit code 1. */
final class FailedException extends RuntimeException {

  FailedException(String message) {
    super(message);
  }

  FailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
