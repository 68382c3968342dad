package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.speculation.Draft;
import io.sampo.engines.llamacpp.speculation.NgramProposer;
import io.sampo.engines.llamacpp.speculation.Proposer;
import io.sampo.engines.llamacpp.speculation.Speculation;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import java.util.BitSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What settings say of speculative decoding.
 *
 * @param draftTokens the longest draft
 */
record SpeculationChoice(Source source, int draftTokens) {

  /** Where guesses come from. */
  enum Source {
    /** There are none. */
    OFF,
    /** The sequence's own tokens. */
    NGRAM
  }

  /** The option for where guesses come from. */
  static final String SPECULATION = "speculation";

  /** The option for the longest draft. */
  static final String DRAFT_TOKENS = "draft-tokens";

  static final Set<String> OPTIONS = Set.of(SPECULATION, DRAFT_TOKENS);

  private static final int DEFAULT_DRAFT_TOKENS = 8;

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
    return new SpeculationChoice(
        source,
        LoadChoice.option(options, DRAFT_TOKENS, DEFAULT_DRAFT_TOKENS, 1, Draft.MOST_TOKENS));
  }

  private static Source source(String text) {
    for (Source source : Source.values()) {
      if (source.name().toLowerCase(Locale.ROOT).equals(text)) {
        return source;
      }
    }
    throw refused(SPECULATION + " must be off or ngram, is '" + text + "'");
  }

  private static EngineException refused(String rule) {
    return new EngineException(Kind.INVALID_REQUEST, rule);
  }

  boolean isOn() {
    return source != Source.OFF;
  }

  /** Most drafted tokens of a step. */
  int stepTokens(int maxSequences) {
    return isOn() ? Math.min(Speculation.MOST_DRAFTED, draftTokens * maxSequences) : 0;
  }

  Speculation open(LoadChoice engine, int[] endTokens) {
    if (!isOn()) {
      return Speculation.none();
    }
    BitSet ends = new BitSet();
    for (int token : endTokens) {
      ends.set(token);
    }
    Proposer proposer = new NgramProposer();
    int passRows = Math.min(engine.batchTokens(), StepPlanner.TILE_ROWS - 1);
    return new Speculation(
        proposer, new Speculation.Bounds(draftTokens, passRows, engine.contextTokens(), ends));
  }
}
