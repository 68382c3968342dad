package io.sampo.ops.jmx;

import io.sampo.actors.replica.Replica.Report;
import io.sampo.actors.router.Router;
import io.sampo.kvcache.store.TierStats;
import io.sampo.ops.admin.AdminApi;
import io.sampo.ops.admin.AdminApi.EventView;
import io.sampo.ops.admin.EventLog;
import io.sampo.ops.admin.LocalNode;
import io.sampo.ops.admin.NodeDesk;
import io.sampo.ops.metrics.KvStats;
import io.sampo.ops.metrics.ResidentMemory;
import java.lang.management.ManagementFactory;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MalformedObjectNameException;
import javax.management.Notification;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The MBeans of a node, in the platform's server: {@code io.sampo:type=…}. Replicas come and go
 * with their reports. A second node in the same JVM has its address in the names of its beans.
 */
public final class Beans implements AutoCloseable {

  /** Of all names. */
  public static final String DOMAIN = "io.sampo";

  private static final Logger LOG = LoggerFactory.getLogger(Beans.class);
  private static final int LATEST_EVENTS = 100;

  private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
  private final Set<ObjectName> registered = new LinkedHashSet<>();
  private final Set<ObjectName> replicas = new HashSet<>();
  private final String name;
  private final LocalNode node;
  private final NodeDesk desk;
  private final AdminApi api;
  private final String suffix;

  /**
   * Registers what every node has.
   *
   * @param name of the node
   * @param desk shows the node's replicas as others see them
   */
  public Beans(String name, LocalNode node, NodeDesk desk, AdminApi api, EventLog events) {
    this.name = name;
    this.node = node;
    this.desk = desk;
    this.api = api;
    this.suffix =
        server.isRegistered(objectName("type=Cluster")) ? ",node=" + ObjectName.quote(name) : "";
    DescribedBean<ClusterMXBean> cluster =
        DescribedBean.speaking(
            ClusterBean.over(api, () -> events.after(0, LATEST_EVENTS)), ClusterMXBean.class);
    register("type=Cluster", cluster);
    events.listen(event -> tell(cluster, event));
    register("type=Node", DescribedBean.silent(new OwnNode(), NodeMXBean.class));
    register("type=Models", DescribedBean.silent(new OwnModels(), ModelsMXBean.class));
    register("type=Sessions", DescribedBean.silent(new OwnSessions(), SessionsMXBean.class));
    register(
        "type=Limits", DescribedBean.silent((LimitsMXBean) node::settings, LimitsMXBean.class));
    register("type=Logging", DescribedBean.silent(new OwnLogging(), LoggingMXBean.class));
    register("type=Operations", DescribedBean.silent(new OwnOperations(), OperationsMXBean.class));
    kvTier("host", kv -> kv.store().host());
    kvTier("disk", kv -> kv.store().disk());
  }

  /** Adds the router and the scheduler of a model that this gateway serves. */
  public void model(String model) {
    String quoted = ObjectName.quote(model);
    register(
        "type=Router,model=" + quoted,
        DescribedBean.silent(new OwnRouter(model), RouterMXBean.class));
    register(
        "type=Scheduler,model=" + quoted,
        DescribedBean.silent(new OwnScheduler(model), SchedulerMXBean.class));
  }

  private void kvTier(String tier, Function<KvStats, TierStats> stats) {
    if (node.kv().isPresent()) {
      Supplier<TierStats> now = () -> node.kv().map(stats).orElse(NO_TIER);
      register(
          "type=KvCache,tier=" + tier, DescribedBean.silent(new OwnTier(now), KvCacheMXBean.class));
    }
  }

  private static final TierStats NO_TIER = new TierStats(0, 0, 0, 0, 0, 0);

  /** These replicas are here now. */
  public synchronized void replicas(List<Report> here) {
    Set<ObjectName> present = new HashSet<>();
    for (Report report : here) {
      String key = "type=Replica,name=" + ObjectName.quote(report.replica().toString());
      ObjectName bean = objectName(key + suffix);
      present.add(bean);
      if (replicas.add(bean)) {
        register(key, DescribedBean.silent(new OwnReplica(report), ReplicaMXBean.class));
      }
    }
    replicas.removeIf(
        bean -> {
          boolean gone = !present.contains(bean);
          if (gone) {
            unregister(bean);
          }
          return gone;
        });
  }

  private void tell(DescribedBean<ClusterMXBean> cluster, EventView event) {
    Notification notification =
        new Notification(
            DescribedBean.NOTIFICATION + event.kind(),
            objectName("type=Cluster" + suffix),
            event.sequence(),
            event.timeMillis(),
            event.subject() + (event.text().isEmpty() ? "" : ": " + event.text()));
    notification.setUserData(OpenData.of(event));
    cluster.sendNotification(notification);
  }

  private synchronized void register(String key, DescribedBean<?> bean) {
    ObjectName full = objectName(key + suffix);
    try {
      server.registerMBean(bean, full);
      registered.add(full);
    } catch (InstanceAlreadyExistsException there) {
      LOG.warn("there is an MBean {} already; this node's is left out", full);
    } catch (JMException failed) {
      throw new IllegalStateException("the MBean " + full + " cannot be registered", failed);
    }
  }

  private synchronized void unregister(ObjectName bean) {
    registered.remove(bean);
    try {
      server.unregisterMBean(bean);
    } catch (JMException gone) {
      LOG.debug("the MBean {} is gone already", bean, gone);
    }
  }

  private static ObjectName objectName(String key) {
    try {
      return new ObjectName(DOMAIN + ":" + key);
    } catch (MalformedObjectNameException malformed) {
      throw new IllegalArgumentException("no name of an MBean: " + key, malformed);
    }
  }

  @Override
  public synchronized void close() {
    List.copyOf(registered).forEach(this::unregister);
  }

  private Optional<Router.Inspected> routing(String model) {
    return node.routing().stream()
        .filter(routing -> routing.model().name().equals(model))
        .findFirst();
  }

  private final class OwnNode implements NodeMXBean {

    @Override
    public String getName() {
      return name;
    }

    @Override
    public List<String> getRoles() {
      return node.roles();
    }

    @Override
    public String getReadiness() {
      return node.notReady().orElse("ready");
    }

    @Override
    public String getVersion() {
      return node.version();
    }

    @Override
    public String getHttpAddress() {
      return node.http();
    }

    @Override
    public String getAdminAddress() {
      return node.admin();
    }

    @Override
    public int getMembers() {
      return node.members();
    }

    @Override
    public int getUnreachableMembers() {
      return node.unreachable();
    }

    @Override
    public int getRunningRequests() {
      return node.running().size();
    }

    @Override
    public long getResidentBytes() {
      return ResidentMemory.bytes().orElse(-1);
    }
  }

  private final class OwnSessions implements SessionsMXBean {

    @Override
    public int getRemembered() {
      return node.routing().stream().mapToInt(Router.Inspected::sessionCount).sum();
    }

    @Override
    public AdminApi.Sessions sessions(int most, int timeoutMillis) {
      return api.sessions(most, timeoutMillis);
    }

    @Override
    public AdminApi.Done moveSession(
        String session, String replica, boolean dryRun, AdminApi.Audit audit, int timeoutMillis) {
      return api.moveSession(session, replica, dryRun, audit, timeoutMillis);
    }
  }

  private final class OwnModels implements ModelsMXBean {

    @Override
    public List<AdminApi.ModelView> getModels() {
      return node.models();
    }

    @Override
    public AdminApi.Done scale(
        String model, int wanted, boolean dryRun, AdminApi.Audit audit, int timeoutMillis) {
      return api.scale(model, wanted, dryRun, audit, timeoutMillis);
    }

    @Override
    public AdminApi.Done load(
        String model,
        String source,
        int wanted,
        boolean dryRun,
        AdminApi.Audit audit,
        int timeoutMillis) {
      return api.load(model, source, wanted, dryRun, audit, timeoutMillis);
    }

    @Override
    public AdminApi.Done unload(
        String model, boolean dryRun, AdminApi.Audit audit, int timeoutMillis) {
      return api.unload(model, dryRun, audit, timeoutMillis);
    }
  }

  private final class OwnOperations implements OperationsMXBean {

    @Override
    public List<AdminApi.OperationView> getOperations() {
      return node.desired().map(known -> NodeDesk.operations(known, Map.of())).orElse(List.of());
    }

    @Override
    public AdminApi.Operations operations(int timeoutMillis) {
      return api.operations(timeoutMillis);
    }

    @Override
    public AdminApi.Done drain(
        String kind,
        String target,
        long graceSeconds,
        boolean dryRun,
        AdminApi.Audit audit,
        int timeoutMillis) {
      return api.drain(kind, target, graceSeconds, dryRun, audit, timeoutMillis);
    }

    @Override
    public AdminApi.Done undrain(
        String kind, String target, boolean dryRun, AdminApi.Audit audit, int timeoutMillis) {
      return api.undrain(kind, target, dryRun, audit, timeoutMillis);
    }
  }

  private final class OwnLogging implements LoggingMXBean {

    @Override
    public List<String> getLevels() {
      return node.logLevels().entrySet().stream()
          .map(level -> level.getKey() + "=" + level.getValue().getKey())
          .toList();
    }

    @Override
    public AdminApi.Done setLogLevel(
        String where,
        String logger,
        String level,
        long seconds,
        AdminApi.Audit audit,
        int timeoutMillis) {
      return api.setLogLevel(where, logger, level, seconds, audit, timeoutMillis);
    }
  }

  private final class OwnReplica implements ReplicaMXBean {

    private final Report first;

    OwnReplica(Report first) {
      this.first = first;
    }

    private Report latest() {
      return node.ownReplicas().stream()
          .filter(report -> report.replica().equals(first.replica()))
          .findFirst()
          .orElse(first);
    }

    @Override
    public String getState() {
      return getReport().state();
    }

    @Override
    public int getPlacesTaken() {
      return getReport().placesTaken();
    }

    @Override
    public int getPlaces() {
      return getReport().places();
    }

    @Override
    public double getPrefillTokensPerSecond() {
      return getReport().prefillTokensPerSecond();
    }

    @Override
    public double getDecodeTokensPerSecond() {
      return getReport().decodeTokensPerSecond();
    }

    @Override
    public AdminApi.ReplicaView getReport() {
      return desk.view(latest());
    }
  }

  private final class OwnRouter implements RouterMXBean {

    private final String model;

    OwnRouter(String model) {
      this.model = model;
    }

    @Override
    public int getSessions() {
      return routing(model).map(Router.Inspected::sessionCount).orElse(0);
    }

    @Override
    public List<AdminApi.DecisionView> getDecisions() {
      return routing(model)
          .map(NodeDesk::view)
          .map(AdminApi.QueueView::decisions)
          .orElse(List.of());
    }
  }

  private final class OwnScheduler implements SchedulerMXBean {

    private final String model;

    OwnScheduler(String model) {
      this.model = model;
    }

    @Override
    public int getWaiting() {
      return routing(model).map(routing -> routing.scheduler().waiting()).orElse(0);
    }

    @Override
    public int getWaitingBound() {
      return routing(model).map(routing -> routing.scheduler().waitingBound()).orElse(0);
    }

    @Override
    public long getOldestWaitMillis() {
      return routing(model).map(routing -> routing.scheduler().oldestMillis()).orElse(0L);
    }

    @Override
    public long getRefused() {
      return routing(model).map(routing -> routing.scheduler().refused()).orElse(0L);
    }
  }

  private record OwnTier(Supplier<TierStats> stats) implements KvCacheMXBean {

    @Override
    public long getBudgetBytes() {
      return stats.get().budgetBytes();
    }

    @Override
    public long getBytes() {
      return stats.get().bytes();
    }

    @Override
    public long getBlocks() {
      return stats.get().blocks();
    }

    @Override
    public long getHits() {
      return stats.get().hits();
    }

    @Override
    public long getEvicted() {
      return stats.get().evicted();
    }

    @Override
    public long getFailed() {
      return stats.get().failed();
    }
  }
}
