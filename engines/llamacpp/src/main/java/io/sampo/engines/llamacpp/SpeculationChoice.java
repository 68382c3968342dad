package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.speculation.Draft;
import io.sampo.engines.llamacpp.speculation.Speculation;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What settings say of speculative decoding.
 *
 * @param draftTokens the longest draft
 * @param draftModel the file of the model that guesses, for {@link Source#DRAFT}
 * @param leastChance what a draft model must give its own guess for it to be used, 0 to 1
 * @param drafts whether a step may have drafted tokens at all, be they guessed or known: not in the
 *     deterministic mode
 */
record SpeculationChoice(
    Source source, int draftTokens, @Nullable Path draftModel, double leastChance, boolean drafts) {

  /** Where guesses come from. */
  enum Source {
    /** There are none. */
    OFF,
    /** The sequence's own tokens. */
    NGRAM,
    /** A small model of the same vocabulary. */
    DRAFT
  }

  /** The option for where guesses come from. */
  static final String SPECULATION = "speculation";

  /** The option for the longest draft. */
  static final String DRAFT_TOKENS = "draft-tokens";

  /** The option for the file of the model that guesses. */
  static final String DRAFT_MODEL = "draft-model";

  /** The option for the least probability that a draft model gives a guess that is used. */
  static final String DRAFT_P_MIN = "draft-p-min";

  static final Set<String> OPTIONS = Set.of(SPECULATION, DRAFT_TOKENS, DRAFT_MODEL, DRAFT_P_MIN);

  private static final int DEFAULT_DRAFT_TOKENS = 8;
  private static final double DEFAULT_LEAST_CHANCE = 0.5;

  /**
   * Reads the options.
   *
   * @throws EngineException INVALID_REQUEST for one that is out of range or does not fit the others
   */
  static SpeculationChoice of(EngineSettings settings) {
    Map<String, String> options = settings.options();
    Source source = source(options.getOrDefault(SPECULATION, "off"));
    if (source != Source.OFF && settings.deterministic()) {
      throw refused(
          "speculation changes what a step computes and with it the rounding; leave out either it"
              + " or the deterministic mode");
    }
    String model = options.get(DRAFT_MODEL);
    if ((source == Source.DRAFT) != (model != null)) {
      throw refused(DRAFT_MODEL + " names the model of speculation draft; give both or neither");
    }
    return new SpeculationChoice(
        source,
        LoadChoice.option(options, DRAFT_TOKENS, DEFAULT_DRAFT_TOKENS, 1, Draft.MOST_TOKENS),
        model == null ? null : Path.of(model),
        leastChance(options.get(DRAFT_P_MIN)),
        !settings.deterministic());
  }

  private static double leastChance(@Nullable String text) {
    if (text == null) {
      return DEFAULT_LEAST_CHANCE;
    }
    try {
      double chance = Double.parseDouble(text);
      if (chance >= 0 && chance <= 1) {
        return chance;
      }
    } catch (NumberFormatException notANumber) {
      // Falls through to the one answer for both mistakes.
    }
    throw refused(DRAFT_P_MIN + " must be 0 to 1, is '" + text + "'");
  }

  private static Source source(String text) {
    for (Source source : Source.values()) {
      if (source.name().toLowerCase(Locale.ROOT).equals(text)) {
        return source;
      }
    }
    throw refused(SPECULATION + " must be off, ngram or draft, is '" + text + "'");
  }

  private static EngineException refused(String rule) {
    return new EngineException(Kind.INVALID_REQUEST, rule);
  }

  boolean isOn() {
    return source != Source.OFF;
  }

  /** Most drafted tokens of a step; without guesses those of a prompt that is told. */
  int stepTokens(int maxSequences) {
    int guessed = isOn() ? Math.min(Speculation.MOST_DRAFTED, draftTokens * maxSequences) : 0;
    return drafts ? Math.max(Draft.MOST_TOKENS, guessed) : 0;
  }
}
