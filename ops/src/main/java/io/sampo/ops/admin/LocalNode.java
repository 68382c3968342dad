package io.sampo.ops.admin;

import io.sampo.actors.placement.Desired;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.router.Router;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.ops.metrics.NodeFigures;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a node does for operators, beside telling its figures. Its methods may wait. */
public interface LocalNode extends NodeFigures {

  /** Where it takes requests; empty where nothing is bound. */
  String http();

  /** Where operators reach it over HTTP; empty where they do not. */
  String admin();

  List<String> roles();

  List<AdminApi.ModelView> models();

  /**
   * Ends the requests of this id.
   *
   * @return how many there were here
   */
  int cancel(String requestId);

  /**
   * Asks the routers of the models that this gateway serves.
   *
   * @param sessions how many to tell of each at most
   */
  List<Router.Inspected> inspect(int sessions, Duration limit);

  /**
   * Has a session go to a replica, or be forgotten.
   *
   * @param replica null to forget
   */
  Router.Rebound rebind(String session, @Nullable ReplicaId replica, Duration limit);

  /** What is wanted of the cluster as this node knows it; empty before it does. */
  Optional<Desired> desired();

  /** Asks the placement what is wanted and what is under way. */
  Placement.Described described(Duration limit);

  /**
   * Has something take nothing new.
   *
   * @param graceMillis below 0 for the usual time
   */
  Placement.Ordered drain(Desired.Target target, long graceMillis, boolean dryRun, Duration limit);

  /** Takes a drain back. */
  Placement.Ordered undrain(Desired.Target target, boolean dryRun, Duration limit);

  /**
   * Wants another number of replicas.
   *
   * @param replicas 0 for one on each engine node
   */
  Placement.Ordered scale(ModelId model, int replicas, boolean dryRun, Duration limit);

  /**
   * Wants one more model. Only a gateway can say how it is loaded.
   *
   * @param source a reference of the model store, or a path
   * @param replicas 0 for one on each engine node
   */
  Placement.Ordered load(
      ModelId model, String source, int replicas, boolean dryRun, Duration limit);

  /** Wants a model no more that was loaded so. */
  Placement.Ordered unload(ModelId model, boolean dryRun, Duration limit);

  /**
   * Drops all KV beside the engines.
   *
   * @return how many bytes that were
   */
  long evictKv();

  /** Settings in force, each with where it comes from. */
  List<AdminApi.SettingView> settings();

  /** Levels by logger, and in how many seconds each ends; 0 for never. */
  Map<String, Map.Entry<String, Long>> logLevels();

  /**
   * Sets a level.
   *
   * @param lasting zero for good
   * @throws IllegalArgumentException when there is no such level
   */
  void setLogLevel(String logger, String level, Duration lasting);
}
