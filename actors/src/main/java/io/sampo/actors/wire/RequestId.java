package io.sampo.actors.wire;

/** Names what HTTP brought; the client's {@code X-Request-Id} or one made by the gateway. */
public record RequestId(String value) {

  @Override
  public String toString() {
    return value;
  }
}
