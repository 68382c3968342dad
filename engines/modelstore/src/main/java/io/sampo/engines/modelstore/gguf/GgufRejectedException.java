package io.sampo.engines.modelstore.gguf;

/** A file that breaks a rule of GGUF; the message names the rule and the place. */
public final class GgufRejectedException extends RuntimeException {

  private final String rule;
  private final String field;

  /**
   * @param rule what must hold and, where it helps, what is instead; for example {@code version
   *     must be 2 or 3, is 7}
   * @param field where: {@code header}, {@code key <name>} or {@code tensor <name>}
   */
  public GgufRejectedException(String rule, String field) {
    super("GGUF rejected: " + rule + " at " + field);
    this.rule = rule;
    this.field = field;
  }

  public String rule() {
    return rule;
  }

  public String field() {
    return field;
  }
}
