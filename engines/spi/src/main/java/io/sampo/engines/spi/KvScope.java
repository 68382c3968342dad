package io.sampo.engines.spi;

/**
 * Who may use the KV of a sequence, and whose KV it may use: sequences of equal scopes share, and
 * no others, so that nobody can find out by the time an answer takes what somebody else has asked.
 *
 * @param salt tells scopes apart; empty for all who ask for no scope of their own
 * @param shared false for a sequence that shares with none: it computes everything itself, and
 *     nothing of it stays
 */
public record KvScope(String salt, boolean shared) {

  /** Of all who ask for nothing else. */
  public static final KvScope COMMON = new KvScope("", true);

  /** Of a sequence that shares with none. */
  public static final KvScope ALONE = new KvScope("", false);

  /** The scope of those who know a salt. */
  public static KvScope of(String salt) {
    return new KvScope(salt, true);
  }
}
