package io.sampo.cluster.gateway.answer;

/** The ways to ask for text; each has its own form of answer. */
public enum Door {
  /** {@code /v1/chat/completions}. */
  CHAT("chatcmpl-"),
  /** {@code /v1/completions}. */
  COMPLETION("cmpl-"),
  /** {@code /infill}, as llama-server has it. */
  INFILL("");

  private final String idPrefix;

  Door(String idPrefix) {
    this.idPrefix = idPrefix;
  }

  String idPrefix() {
    return idPrefix;
  }
}
