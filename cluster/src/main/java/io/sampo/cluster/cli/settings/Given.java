package io.sampo.cluster.cli.settings;

/**
 * A value as somebody wrote it.
 *
 * @param text the value
 * @param place name and value as written there, for example {@code --port 80x} or {@code
 *     SAMPO_PORT=80x}; begins the line that refuses it
 */
public record Given(String text, String place) {

  /** The error that refuses this value. */
  public UsageException refused(String rule) {
    return new UsageException(place + ": " + rule);
  }
}
