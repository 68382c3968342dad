package io.sampo.cluster.node;

import io.sampo.actors.generation.ServedModels;
import java.util.List;
import java.util.Optional;

/** The models of this node's settings. */
record NodeModels(List<ServedModel> all) implements ServedModels {

  @Override
  public Optional<ServedModel> find(String name) {
    return all.stream()
        .filter(model -> model.id().name().equals(name) || model.aliases().contains(name))
        .findFirst();
  }
}
