package io.sampo.cluster.node;

import io.sampo.actors.generation.ServedModels;
import java.util.List;
import java.util.Optional;

/**
 * The model of this node's settings; it is known by name from the start, and served once its text
 * side is there.
 */
final class NodeModels implements ServedModels {

  private final String name;
  private final List<String> aliases;
  private volatile List<ServedModel> loaded = List.of();

  NodeModels(String name, List<String> aliases) {
    this.name = name;
    this.aliases = aliases;
  }

  void loaded(ServedModel model) {
    loaded = List.of(model);
  }

  @Override
  public Optional<ServedModel> find(String wanted) {
    return known(wanted) ? all().stream().findFirst() : Optional.empty();
  }

  @Override
  public boolean loading() {
    return loaded.isEmpty();
  }

  @Override
  public List<ServedModel> all() {
    return loaded;
  }

  private boolean known(String wanted) {
    return wanted.equals(name) || aliases.contains(wanted);
  }
}
