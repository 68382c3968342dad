package io.sampo.cluster.gateway.json;

import io.sampo.actors.wire.Failure;

/**
 * Leaves the decoding of a request as soon as one of its rules is broken. It never leaves the
 * gateway and is turned into an answer in one place, so it has no stack trace.
 */
public final class Refusal extends RuntimeException {

  private final transient Failure failure;

  public Refusal(Failure failure) {
    super(failure.message(), null, false, false);
    this.failure = failure;
  }

  public static Refusal invalidValue(String param, String rule) {
    return new Refusal(Failure.invalidValue(param, rule));
  }

  public Failure failure() {
    return failure;
  }
}
