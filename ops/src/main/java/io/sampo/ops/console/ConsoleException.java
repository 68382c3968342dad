package io.sampo.ops.console;

/** Something that an operator must know, in a line. */
final class ConsoleException extends RuntimeException {

  ConsoleException(String line) {
    super(line, null, false, false);
  }

  ConsoleException(String line, Throwable cause) {
    super(line, cause);
  }
}
