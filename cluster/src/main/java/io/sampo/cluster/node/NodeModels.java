package io.sampo.cluster.node;

import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.wire.ModelId;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The model of this node's settings and its adapters, which are known by name from the start, and
 * the models that operators have loaded; each is served once its text side is there.
 */
final class NodeModels implements ServedModels {

  private record Named(long revision, List<String> adapters) {}

  private final String name;
  private final List<String> aliases;
  private volatile List<ServedModel> loaded = List.of();
  private volatile List<ServedModel> others = List.of();
  private volatile Named named;

  NodeModels(String name, List<String> aliases, List<String> adapters) {
    this.name = name;
    this.aliases = aliases;
    this.named = new Named(0, List.copyOf(adapters));
  }

  /** Serves a model from now on. */
  synchronized void loaded(ServedModel model) {
    if (model.id().name().equals(name)) {
      loaded = List.of(model);
    } else {
      unloaded(model.id());
      others = Stream.concat(others.stream(), Stream.of(model)).toList();
    }
  }

  /** Serves one that an operator had loaded no more. */
  synchronized void unloaded(ModelId model) {
    others = others.stream().filter(one -> !one.id().equals(model)).toList();
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
    return known(wanted)
        ? loaded.stream().findFirst()
        : others.stream().filter(one -> one.id().name().equals(wanted)).findFirst();
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
    return Stream.concat(loaded.stream(), others.stream()).toList();
  }

  /** Whether this is a name of the node's own model, or of one of its adapters. */
  boolean known(String wanted) {
    return wanted.equals(name) || aliases.contains(wanted) || named.adapters.contains(wanted);
  }
}
