package io.sampo.actors.wire;

/** The name a model is served under; what {@code /v1/models} lists. */
public record ModelId(String name) {

  @Override
  public String toString() {
    return name;
  }
}
