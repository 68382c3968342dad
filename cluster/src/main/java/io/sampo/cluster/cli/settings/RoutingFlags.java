package io.sampo.cluster.cli.settings;

import io.sampo.actors.policy.RoutingPolicies;

/** How requests are routed, as settings of the rooms that do it. */
final class RoutingFlags {

  private RoutingFlags() {}

  /** In HOCON, each on a line of its own; empty where nothing was asked for. */
  static String overrides(Layers layers) {
    return layers.find(Flags.ROUTING_POLICY).map(RoutingFlags::policy).orElse("")
        + layers.find(Flags.COST_PER_HOUR).map(RoutingFlags::cost).orElse("");
  }

  private static String policy(Given given) {
    if (!RoutingPolicies.NAMES.contains(given.text())) {
      throw given.refused("expected one of " + String.join(", ", RoutingPolicies.NAMES));
    }
    return "actors.router.policy = " + given.text() + "\n";
  }

  private static String cost(Given given) {
    if (!given.text().matches("\\d{1,6}(\\.\\d{1,6})?")) {
      throw given.refused("expected an amount, such as 0.35");
    }
    return "actors.replica.cost-per-hour = " + given.text() + "\n";
  }
}
