package io.sampo.cluster.node;

import io.sampo.actors.agent.NodeAgent;
import io.sampo.actors.placement.Desired;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ModelId;
import io.sampo.cluster.gateway.AdminRoutes;
import io.sampo.cluster.gateway.Endpoint;
import io.sampo.cluster.gateway.GatewaySettings;
import io.sampo.cluster.gateway.HttpGateway;
import io.sampo.cluster.gateway.NodeHealth;
import io.sampo.cluster.gateway.http.ApiKeys;
import io.sampo.cluster.gateway.http.RequestBody;
import io.sampo.cluster.gateway.http.Scope;
import io.sampo.cluster.membership.ClusterTls;
import io.sampo.ops.admin.AdminApi;
import io.sampo.ops.admin.ClusterAdmin;
import io.sampo.ops.admin.EventLog;
import io.sampo.ops.admin.NodeDesk;
import io.sampo.ops.admin.NodeRound;
import io.sampo.ops.admin.OperationWatch;
import io.sampo.ops.admin.ReplicaWatch;
import io.sampo.ops.jmx.Beans;
import io.sampo.ops.jmx.JmxListener;
import io.sampo.ops.jmx.JmxUser;
import io.sampo.ops.metrics.MetricsPage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.stream.Materializer;
import org.jspecify.annotations.Nullable;

/**
 * What a node has for operators: its events, its ear for the other nodes, and the doors to both.
 */
final class AdminSide {

  private final ActorSystem<?> system;
  private final EventLog events;
  private final ReplicaWatch replicas;
  private final OperationWatch operations;
  private final NodeOperations node;
  private final AdminApi api;
  private final MetricsPage metrics;
  private final Beans beans;
  private volatile @Nullable JmxListener jmx;

  /** Waits for the cluster before anybody asks; other nodes may ask from now on. */
  AdminSide(ActorSystem<?> system, String name, NodeOperations node) {
    this.system = system;
    this.node = node;
    events = new EventLog(name);
    replicas = new ReplicaWatch(events);
    operations = new OperationWatch(events);
    api = new ClusterAdmin(new NodeRound(system), events);
    metrics = new MetricsPage(node);
    NodeDesk desk = new NodeDesk(name, node, events);
    system.systemActorOf(NodeAgent.create(desk), NodeAgent.NAME, Props.empty());
    beans = new Beans(name, node, desk, api, events);
  }

  /** Takes in what the replicas of this node have said. */
  void hear(List<Replica.Report> own) {
    replicas.hear(own);
    beans.replicas(own);
  }

  /** Takes in what is wanted of the cluster. */
  void hear(Desired desired) {
    operations.hear(desired);
  }

  /** Watches what happens to other nodes. */
  void watch() {
    system.systemActorOf(new Watch(events, replicas).members(), "watch", Props.empty());
  }

  /** The same on a gateway, with the queue of its model. */
  void watch(Wiring wiring, ModelId model, BooleanSupplier draining) {
    beans.model(model.name());
    system.systemActorOf(
        new Watch(events, replicas)
            .membersAndQueue(message -> wiring.toRouter(model, message), draining, node::hear),
        "watch",
        Props.empty());
  }

  /** Waits until a listener is bound, and fails when it cannot be. */
  interface Binding {
    HttpGateway await(String host, int port, CompletionStage<HttpGateway> binding);
  }

  /** Opens the listener for operators. */
  HttpGateway listen(
      AdminSettings wanted,
      ApiKeys keys,
      List<String> allowedHosts,
      NodeHealth health,
      Binding binding) {
    try {
      return listen(wanted, wanted.port(), keys, allowedHosts, health, binding);
    } catch (UncheckedIOException taken) {
      if (!wanted.orAnother()) {
        throw taken;
      }
      return listen(wanted, 0, keys, allowedHosts, health, binding);
    }
  }

  private HttpGateway listen(
      AdminSettings wanted,
      int port,
      ApiKeys keys,
      List<String> allowedHosts,
      NodeHealth health,
      Binding binding) {
    GatewaySettings settings = GatewaySettings.from(system.settings().config());
    RequestBody body =
        new RequestBody(
            settings.maxBodyBytes(), settings.bodyTimeout(), Materializer.matFromSystem(system));
    return binding.await(
        wanted.host(),
        port,
        HttpGateway.bindAdmin(
            system,
            new Endpoint(wanted.host(), port, keys, allowedHosts, false, node.version()),
            settings,
            new AdminRoutes(api, metrics, body),
            health));
  }

  /**
   * Lets JMX clients in over the network.
   *
   * @return where
   * @throws UncheckedIOException when the address cannot be listened on
   */
  String listen(AdminSettings.Jmx wanted, ApiKeys keys) {
    try {
      Path folder = wanted.tls();
      JmxListener opened =
          JmxListener.open(
              wanted.host(),
              wanted.port(),
              folder == null ? null : ClusterTls.read(folder).context(),
              keys.isOpen() ? null : key -> user(keys, key));
      jmx = opened;
      return opened.address();
    } catch (IOException failed) {
      String line = "cannot listen for JMX on " + wanted.host() + ":" + wanted.port();
      throw new UncheckedIOException(line, new IOException(line, failed));
    }
  }

  private static Optional<JmxUser> user(ApiKeys keys, String key) {
    return keys.owner(key, Scope.ADMIN)
        .map(name -> new JmxUser(name, true))
        .or(() -> keys.owner(key, Scope.READ).map(name -> new JmxUser(name, false)));
  }

  Done close() {
    if (jmx != null) {
      jmx.close();
    }
    beans.close();
    metrics.close();
    return Done.done();
  }
}
