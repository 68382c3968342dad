package io.sampo.actors.replica;

import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineSettings;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model as it is wanted in the cluster.
 *
 * @param engine the name of the engine that runs it
 * @param source what each node finds the model's file by: a reference of the model store, or a path
 * @param settings how it is loaded where a node says nothing else of itself
 * @param replicas how many engines are wanted at most; 0 wants one on each engine node
 * @param adapters what each of them is to have loaded, by different names
 * @param memoryBytes an estimate of what one engine of it needs; 0 where nobody says, below 0 where
 *     that is still looked for
 */
public record ModelSpec(
    ModelId id,
    String engine,
    String source,
    EngineSettings settings,
    int replicas,
    List<Adapter> adapters,
    long memoryBytes)
    implements WireMessage {

  public ModelSpec {
    adapters = List.copyOf(adapters);
  }

  /** A model of which nobody says how much memory it needs. */
  public ModelSpec(
      ModelId id,
      String engine,
      String source,
      EngineSettings settings,
      int replicas,
      List<Adapter> adapters) {
    this(id, engine, source, settings, replicas, adapters, 0);
  }

  /** A model without adapters. */
  public ModelSpec(
      ModelId id, String engine, String source, EngineSettings settings, int replicas) {
    this(id, engine, source, settings, replicas, List.of());
  }

  public @Nullable Adapter adapter(String name) {
    return adapters.stream().filter(one -> one.name().equals(name)).findFirst().orElse(null);
  }

  /** The same on so many engines at most; 0 for one on each engine node. */
  public ModelSpec withReplicas(int count) {
    return new ModelSpec(id, engine, source, settings, count, adapters, memoryBytes);
  }

  /** The same that needs so much memory. */
  public ModelSpec withMemory(long bytes) {
    return new ModelSpec(id, engine, source, settings, replicas, adapters, bytes);
  }

  public ModelSpec with(Adapter adapter) {
    return with(Stream.concat(adapters.stream(), Stream.of(adapter)).toList());
  }

  public ModelSpec without(String name) {
    return with(adapters.stream().filter(one -> !one.name().equals(name)).toList());
  }

  private ModelSpec with(List<Adapter> others) {
    return new ModelSpec(id, engine, source, settings, replicas, others, memoryBytes);
  }
}
