package io.sampo.cluster.node;

import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.wire.ModelId;
import java.util.List;
import java.util.Optional;

/**
 * The model of this node's settings and its adapters; they are known by name from the start, and
 * served once the model's text side is there.
 */
final class NodeModels implements ServedModels {

  private record Named(long revision, List<String> adapters) {}

  private final String name;
  private final List<String> aliases;
  private volatile List<ServedModel> loaded = List.of();
  private volatile Named named;

  NodeModels(String name, List<String> aliases, List<String> adapters) {
    this.name = name;
    this.aliases = aliases;
    this.named = new Named(0, List.copyOf(adapters));
  }

  void loaded(ServedModel model) {
    loaded = List.of(model);
  }

  /** What the placement said; ignored when it said something newer before. */
  synchronized void adapters(Placement.Adapters told) {
    if (told.revision() >= named.revision) {
      named = new Named(told.revision(), List.copyOf(told.names()));
    }
  }

  /** An adapter is being unloaded. */
  synchronized void forget(String adapter) {
    named =
        new Named(
            named.revision, named.adapters.stream().filter(one -> !one.equals(adapter)).toList());
  }

  @Override
  public Optional<ServedModel> find(String wanted) {
    return known(wanted) ? all().stream().findFirst() : Optional.empty();
  }

  @Override
  public List<String> adapters(ModelId model) {
    return model.name().equals(name) ? named.adapters : List.of();
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
    return wanted.equals(name) || aliases.contains(wanted) || named.adapters.contains(wanted);
  }
}
