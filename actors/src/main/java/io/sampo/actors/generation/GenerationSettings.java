package io.sampo.actors.generation;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * The room's settings; see {@code actors.generation} in reference.conf.
 *
 * @param beatInterval between two signs of life to each replica
 * @param lostAfter a replica that is silent for this long has lost the sequence
 * @param parallelAnswers answers of one request that are placed at a time
 * @param window tokens a replica may run ahead of the reader
 * @param readerStallLimit the longest time a reader may leave an event waiting
 * @param placeAgainAfter an unanswered question to the router is repeated after this
 * @param retryDelay between a declined attempt and the next
 * @param suspectDelay the longest further wait of an answer that got no further before its replica
 *     was lost
 * @param quarantineFor how long a request that engines died of is not run again
 * @param maxResumes how often an answer may lose its replica
 */
public record GenerationSettings(
    Duration beatInterval,
    Duration lostAfter,
    int parallelAnswers,
    int window,
    Duration readerStallLimit,
    Duration placeAgainAfter,
    Duration retryDelay,
    Duration suspectDelay,
    Duration quarantineFor,
    int maxResumes) {

  public GenerationSettings {
    if (parallelAnswers < 1) {
      throw new IllegalArgumentException(
          "actors.generation.parallel-answers must be at least 1: " + parallelAnswers);
    }
    if (window < 2) {
      throw new IllegalArgumentException("actors.generation.window must be at least 2: " + window);
    }
    if (lostAfter.compareTo(beatInterval) <= 0) {
      throw new IllegalArgumentException(
          "actors.generation.lost-after must be longer than beat-interval");
    }
  }

  public static GenerationSettings from(Config root) {
    Config config = root.getConfig("actors.generation");
    return new GenerationSettings(
        config.getDuration("beat-interval"),
        config.getDuration("lost-after"),
        config.getInt("parallel-answers"),
        config.getInt("window"),
        config.getDuration("reader-stall-limit"),
        config.getDuration("place-again-after"),
        config.getDuration("retry-delay"),
        config.getDuration("suspect-delay"),
        config.getDuration("quarantine-for"),
        config.getInt("max-resumes"));
  }
}
