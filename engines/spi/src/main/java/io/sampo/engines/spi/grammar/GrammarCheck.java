package io.sampo.engines.spi.grammar;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Looks whether a grammar is safe to be compiled and followed. */
public final class GrammarCheck {

  /** The largest grammar, so that one fits a message between nodes. */
  public static final int MAX_BYTES = 128 << 10;

  private GrammarCheck() {}

  /** The first problem of a grammar whose start rule is {@code root}; null when it has none. */
  public static @Nullable GrammarProblem problemOf(String text) {
    try {
      if (text.length() > MAX_BYTES || text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
        throw GrammarProblem.exceeds("grammar of " + MAX_BYTES + " bytes");
      }
      GrammarRules rules = GrammarReader.read(text);
      rules.checkProductive();
      Leftmost.check(rules);
      Ambiguity.check(rules);
      return null;
    } catch (GrammarProblem.Found found) {
      return found.problem();
    }
  }
}
