package io.sampo.actors.policy;

import java.util.List;

/** The policies by name. */
public final class RoutingPolicies {

  /** Ours, which is the default. */
  public static final String AFFINITY = "affinity";

  public static final List<String> NAMES =
      List.of(
          AFFINITY, "least-loaded", "round-robin", "sticky", "bounded-load", "dualmap", "product");

  private RoutingPolicies() {}

  /**
   * Makes a policy that knows nothing yet.
   *
   * @param costAware whether {@code affinity} takes the cheapest of the replicas that meet the
   *     targets
   * @throws IllegalArgumentException when there is none of this name
   */
  public static RoutingPolicy create(String name, boolean costAware) {
    return switch (name) {
      case AFFINITY -> new AffinityPolicy(costAware);
      case "least-loaded" -> new LeastLoadedPolicy();
      case "round-robin" -> new RoundRobinPolicy();
      case "sticky" -> HashPolicy.sticky();
      case "bounded-load" -> HashPolicy.boundedLoad();
      case "dualmap" -> new DualMapPolicy();
      case "product" -> new ProductPolicy();
      default ->
          throw new IllegalArgumentException(
              "there is no routing policy '" + name + "'; there are " + String.join(", ", NAMES));
    };
  }
}
