package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi;
import io.sampo.ops.admin.AdminApi.EventView;
import io.sampo.ops.admin.AdminApi.Nodes;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** The bean of the cluster: the operators' API as it is, and two attributes that never wait. */
final class ClusterBean {

  private static final int REFRESH_MILLIS = 2000;

  private final AdminApi api;
  private final AtomicBoolean asking = new AtomicBoolean();
  private volatile Nodes latest = new Nodes("", List.of(), List.of());

  private ClusterBean(AdminApi api) {
    this.api = api;
  }

  /** A bean over the API; the attributes are looked at beside it. */
  static ClusterMXBean over(AdminApi api, Supplier<List<EventView>> events) {
    ClusterBean attributes = new ClusterBean(api);
    return (ClusterMXBean)
        Proxy.newProxyInstance(
            ClusterMXBean.class.getClassLoader(),
            new Class<?>[] {ClusterMXBean.class},
            (_, method, arguments) ->
                switch (method.getName()) {
                  case "getMembers" -> attributes.members();
                  case "getLatestEvents" -> events.get();
                  default -> {
                    try {
                      yield method.invoke(api, arguments);
                    } catch (InvocationTargetException thrown) {
                      throw thrown.getCause();
                    }
                  }
                });
  }

  /** The members as last heard; they are asked anew beside it. */
  private Nodes members() {
    if (asking.compareAndSet(false, true)) {
      Thread.ofVirtual()
          .name("members")
          .start(
              () -> {
                try {
                  latest = api.nodes(REFRESH_MILLIS);
                } finally {
                  asking.set(false);
                }
              });
    }
    return latest;
  }
}
