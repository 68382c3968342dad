package io.sampo.cluster.cli.doctor;

/**
 * The result of one look.
 *
 * @param name what was looked at
 * @param found what is there
 * @param advice what to do; empty where nothing needs doing
 */
public record Check(String name, Status status, String found, String advice) {

  /** How bad it is. */
  public enum Status {
    /** As it should be. */
    OK,
    /** Sampo runs, with something less. */
    WARN,
    /** Sampo cannot run, or not with these settings. */
    FAIL
  }

  static Check ok(String name, String found) {
    return new Check(name, Status.OK, found, "");
  }

  static Check warn(String name, String found, String advice) {
    return new Check(name, Status.WARN, found, advice);
  }

  static Check fail(String name, String found, String advice) {
    return new Check(name, Status.FAIL, found, advice);
  }
}
