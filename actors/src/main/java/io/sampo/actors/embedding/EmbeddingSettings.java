package io.sampo.actors.embedding;

import com.typesafe.config.Config;
import io.sampo.actors.generation.GenerationSettings;

/**
 * The room's settings; see {@code actors.embedding} in reference.conf.
 *
 * @param attempts how an attempt at a part is watched and repeated, as those at an answer are
 * @param partsAtOnce parts of one request that are placed at a time
 * @param partInputs most inputs of a part
 * @param partTokens most tokens of a part of several inputs
 * @param maxTokens most tokens of a request
 */
public record EmbeddingSettings(
    GenerationSettings attempts, int partsAtOnce, int partInputs, int partTokens, int maxTokens) {

  public EmbeddingSettings {
    requirePositive("parts-at-once", partsAtOnce);
    requirePositive("part-inputs", partInputs);
    requirePositive("part-tokens", partTokens);
    requirePositive("max-tokens", maxTokens);
  }

  public static EmbeddingSettings from(Config root) {
    Config config = root.getConfig("actors.embedding");
    return new EmbeddingSettings(
        GenerationSettings.from(root),
        config.getInt("parts-at-once"),
        config.getInt("part-inputs"),
        config.getInt("part-tokens"),
        config.getInt("max-tokens"));
  }

  private static void requirePositive(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "actors.embedding." + key + " must be 1 or more: " + value);
    }
  }
}
