package io.sampo.engines.spi;

/** Why a sequence ended. */
public enum FinishReason {
  /** The model ended its text. */
  STOP,
  /** The request's token limit or the context's end was reached. */
  LENGTH,
  /** The caller cancelled it. */
  CANCELLED
}
