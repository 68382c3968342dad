package io.sampo.ops.metrics;

import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.ops.requests.RequestProgress;
import io.sampo.ops.requests.RequestStats;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a node knows of itself and its surroundings, as published snapshots; reading one waits for
 * nobody.
 */
public interface NodeFigures {

  /** The version of Sampo that runs. */
  String version();

  /** What keeps it from serving, in a few words; empty when nothing does. */
  Optional<String> notReady();

  /** What became of the requests of this gateway, by model; empty on other nodes. */
  Map<String, RequestStats> requests();

  /** The requests that this gateway answers now, the oldest first. */
  List<RequestProgress> running();

  /** The replicas on this node. */
  List<Replica.Report> ownReplicas();

  /** All replicas that this node knows; on a gateway those of its model, wherever they are. */
  List<Replica.Report> replicas();

  /** The adapters that requests may name here. */
  Set<String> adapters();

  /** How requests are routed, as last told by the routers that this gateway asks. */
  List<Router.Inspected> routing();

  /** What this node's KV does, where it keeps any. */
  Optional<KvStats> kv();

  /** How many members of the cluster this node counts. */
  int members();

  /** How many of them it does not reach. */
  int unreachable();
}
