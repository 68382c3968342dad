package io.sampo.engines.simulated;

import java.util.List;
import java.util.Optional;

/**
 * How fast a pretended device is and how much it holds, for a model of about one billion weights at
 * 4 bits. A step that decodes {@code n} sequences beside {@code p} prompt tokens lasts {@code
 * stepMillis + n * sequenceMillis + 1000 * p / prefillTokensPerSecond} milliseconds, the first term
 * only if {@code n > 0}.
 *
 * @param name what an operator chooses it by
 * @param prefillTokensPerSecond prompt tokens computed in a second; infinite for no time at all
 * @param stepMillis time of a decode step that does not depend on the batch
 * @param sequenceMillis time each decoded sequence adds to a step
 * @param memoryBytes for weights, keys and values
 * @param maxSequences sequences at once, where the settings leave it open
 */
public record DeviceProfile(
    String name,
    double prefillTokensPerSecond,
    double stepMillis,
    double sequenceMillis,
    long memoryBytes,
    int maxSequences) {

  private static final long GIB = 1L << 30;

  /** As fast as the machine it runs on. */
  public static final DeviceProfile INSTANT =
      new DeviceProfile("instant", Double.POSITIVE_INFINITY, 0, 0, 1024 * GIB, 64);

  /**
   * The profiles with a name. {@code cpu-2core} follows the figures in the architecture's table of
   * peers; the others are estimates from the devices' data sheets, good for ratios and not for
   * promises.
   */
  public static final List<DeviceProfile> NAMED =
      List.of(
          INSTANT,
          new DeviceProfile("cpu-2core", 178, 10, 10, 24 * GIB, 16),
          new DeviceProfile("cpu-32core", 2_500, 6, 0.8, 256 * GIB, 64),
          new DeviceProfile("gpu-l4", 20_000, 4, 0.05, 24 * GIB, 128),
          new DeviceProfile("gpu-h100", 150_000, 1.5, 0.01, 80 * GIB, 256));

  public DeviceProfile {
    if (!(prefillTokensPerSecond > 0 && stepMillis >= 0 && sequenceMillis >= 0)) {
      throw new IllegalArgumentException("speeds of device profile " + name + " are out of range");
    }
    if (memoryBytes <= 0 || maxSequences < 1 || maxSequences > 256) {
      throw new IllegalArgumentException("sizes of device profile " + name + " are out of range");
    }
  }

  public static Optional<DeviceProfile> named(String name) {
    return NAMED.stream().filter(profile -> profile.name.equals(name)).findFirst();
  }

  /** How long the decode part of a step lasts, in nanoseconds. */
  double decodeNanos(int sequences) {
    return sequences == 0 ? 0 : (stepMillis + sequences * sequenceMillis) * 1e6;
  }

  /** How long the prefill part of a step lasts, in nanoseconds. */
  double prefillNanos(int tokens) {
    return tokens * 1e9 / prefillTokensPerSecond;
  }
}
