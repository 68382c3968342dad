package io.sampo.engines.simulated;

import io.sampo.engines.spi.EngineException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The simulated engine's own settings, each an entry of {@link
 * io.sampo.engines.spi.EngineSettings#options}.
 *
 * @param profile {@code profile}: the device pretended, by its name (default {@code instant})
 * @param seed {@code seed}: another seed is another model (default 0)
 * @param endProbability {@code end-probability}: how likely each token ends the answer (default
 *     0.0005)
 * @param contextTokens {@code context}: tokens of prompt plus answer, where the settings leave it
 *     open (default 4096)
 * @param failAfterTokens {@code fail-after-tokens}: break after this many tokens of all answers
 *     together; 0 never
 * @param hangAfterTokens {@code hang-after-tokens}: stop answering after this many; 0 never
 * @param slowFactor {@code slow-factor}: steps last this many times as long (default 1)
 * @param tokensPerStep {@code tokens-per-step}: tokens of each sequence in a step and a call, 1 to
 *     64 (default 1)
 * @param prefillChunkTokens {@code prefill-chunk}: most prompt tokens in one step (default 512)
 * @param retainedTokens {@code retain-tokens}: room for prefixes of ended sequences; 0 reuses none
 *     (default 16384)
 * @param chatMl {@code chat-template}: whether the model brings the ChatML template; "chatml" or
 *     "none" (default)
 */
public record SimulatedOptions(
    DeviceProfile profile,
    long seed,
    double endProbability,
    int contextTokens,
    long failAfterTokens,
    long hangAfterTokens,
    double slowFactor,
    int tokensPerStep,
    int prefillChunkTokens,
    int retainedTokens,
    boolean chatMl) {

  private static final Set<String> NAMES =
      Set.of(
          "profile",
          "seed",
          "end-probability",
          "context",
          "fail-after-tokens",
          "hang-after-tokens",
          "slow-factor",
          "tokens-per-step",
          "prefill-chunk",
          "retain-tokens",
          "chat-template");

  public SimulatedOptions {
    require(endProbability >= 0 && endProbability <= 1, "end-probability must be 0 to 1");
    require(contextTokens >= 2, "context must be at least 2");
    require(failAfterTokens >= 0, "fail-after-tokens must not be negative");
    require(hangAfterTokens >= 0, "hang-after-tokens must not be negative");
    require(slowFactor > 0 && slowFactor <= 1e6, "slow-factor must be above 0 and at most 1000000");
    require(tokensPerStep >= 1 && tokensPerStep <= 64, "tokens-per-step must be 1 to 64");
    require(prefillChunkTokens >= 1, "prefill-chunk must be at least 1");
    require(retainedTokens >= 0, "retain-tokens must not be negative");
  }

  /**
   * Reads the options from their names and values.
   *
   * @throws EngineException INVALID_REQUEST when a name is unknown or a value is not of its kind or
   *     range
   */
  public static SimulatedOptions from(Map<String, String> options) {
    for (String name : options.keySet()) {
      require(
          NAMES.contains(name),
          "there is no option '"
              + name
              + "'; there are "
              + String.join(", ", new TreeSet<>(NAMES)));
    }
    return new SimulatedOptions(
        read(options, "profile", "instant", SimulatedOptions::profile),
        read(options, "seed", "0", Long::parseLong),
        read(options, "end-probability", "0.0005", Double::parseDouble),
        read(options, "context", "4096", Integer::parseInt),
        read(options, "fail-after-tokens", "0", Long::parseLong),
        read(options, "hang-after-tokens", "0", Long::parseLong),
        read(options, "slow-factor", "1", Double::parseDouble),
        read(options, "tokens-per-step", "1", Integer::parseInt),
        read(options, "prefill-chunk", "512", Integer::parseInt),
        read(options, "retain-tokens", "16384", Integer::parseInt),
        read(options, "chat-template", "none", SimulatedOptions::chatMl));
  }

  private static DeviceProfile profile(String name) {
    return DeviceProfile.named(name)
        .orElseThrow(
            () ->
                refusal(
                    "profile must be one of "
                        + DeviceProfile.NAMED.stream()
                            .map(DeviceProfile::name)
                            .collect(Collectors.joining(", "))));
  }

  private static boolean chatMl(String value) {
    require(value.equals("chatml") || value.equals("none"), "chat-template must be chatml or none");
    return value.equals("chatml");
  }

  private static <T> T read(
      Map<String, String> options, String name, String fallback, Function<String, T> reader) {
    String value = options.getOrDefault(name, fallback);
    try {
      return reader.apply(value);
    } catch (NumberFormatException e) {
      throw refusal(name + " is not a number: '" + value + "'");
    }
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw refusal(rule);
    }
  }

  private static EngineException refusal(String rule) {
    return new EngineException(
        EngineException.Kind.INVALID_REQUEST, "The simulated engine: " + rule);
  }
}
