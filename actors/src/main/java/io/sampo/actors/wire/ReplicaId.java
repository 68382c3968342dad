package io.sampo.actors.wire;

/**
 * One engine with one model loaded.
 *
 * @param ordinal 0 to the model's replica count, exclusive
 */
public record ReplicaId(ModelId model, int ordinal) {

  /** The replica's sharding entity id; {@link #parse} reads it back. */
  public String entityId() {
    return model.name() + "#" + ordinal;
  }

  public static ReplicaId parse(String entityId) {
    int hash = entityId.lastIndexOf('#');
    return new ReplicaId(
        new ModelId(entityId.substring(0, hash)),
        Integer.parseInt(entityId, hash + 1, entityId.length(), 10));
  }

  @Override
  public String toString() {
    return entityId();
  }
}
