package io.sampo.cluster.gateway;

import io.sampo.actors.holder.Holder;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.standby.StandbyStats;
import io.sampo.cluster.kv.KvFigures;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/** What this node tells of itself without asking anybody. Answers at once; asked on every probe. */
public interface NodeHealth {

  /** Whether the process still works; false asks a supervisor to restart it. */
  boolean live();

  /**
   * Why this node cannot serve now, in a few words for an operator ({@code "loading the model"}),
   * or empty when it can.
   */
  Optional<String> notReady();

  /** Whether this node is being stopped. */
  boolean draining();

  /** The replicas that this node knows, as they last reported; a few seconds old at most. */
  List<Replica.Report> replicas();

  /** Where operators reach this node over HTTP; empty where they do not. */
  default Optional<String> admin() {
    return Optional.empty();
  }

  /** Who tells what this node's block store holds, where it has one. */
  default Optional<ActorRef<Holder.Command>> kvHolder() {
    return Optional.empty();
  }

  /** How many sequences this gateway has placed itself, because their router did not answer. */
  default long placedByFallback() {
    return 0;
  }

  /** What this node keeps of streams, where it is a gateway. */
  default StandbyStats standby() {
    return StandbyStats.NONE;
  }

  /** What this node's KV does, where it keeps any. */
  default Optional<KvFigures> kv() {
    return Optional.empty();
  }
}
