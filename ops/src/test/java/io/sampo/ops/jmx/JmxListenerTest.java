package io.sampo.ops.jmx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.ops.admin.Change;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.rmi.registry.LocateRegistry;
import java.rmi.registry.Registry;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.Attribute;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.openmbean.OpenMBeanParameterInfo;
import javax.management.openmbean.TabularDataSupport;
import javax.management.openmbean.TabularType;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** T20: what came in through other servers' JMX does not come in through this one. */
@Timeout(60)
class JmxListenerTest {

  /** A bean of Sampo's with one of each. */
  public interface ProbeMXBean {
    int getCount();

    int look();

    @Change
    int grow(Map<String, String> with);
  }

  private static final class Probe implements ProbeMXBean {
    final AtomicInteger count = new AtomicInteger();

    @Override
    public int getCount() {
      return count.get();
    }

    @Override
    public int look() {
      return count.get();
    }

    @Override
    public int grow(Map<String, String> with) {
      return count.incrementAndGet();
    }
  }

  /** Marks that it was made from bytes, which must not happen. */
  private static final class Gadget implements Serializable {
    static final AtomicInteger MADE = new AtomicInteger();

    private void readObject(ObjectInputStream in) throws IOException {
      MADE.incrementAndGet();
    }
  }

  private final Probe probe = new Probe();
  private ObjectName bean;
  private JmxListener listener;
  private @Nullable JMXConnector connector;

  @BeforeEach
  void open() throws Exception {
    bean = new ObjectName("io.sampo:type=Probe");
    ManagementFactory.getPlatformMBeanServer()
        .registerMBean(DescribedBean.silent((ProbeMXBean) probe, ProbeMXBean.class), bean);
    listener = JmxListener.open("127.0.0.1", 0, null, JmxListenerTest::owner);
  }

  private static Optional<JmxUser> owner(String key) {
    return switch (key) {
      case "looks" -> Optional.of(new JmxUser("ann", false));
      case "operates" -> Optional.of(new JmxUser("bob", true));
      default -> Optional.empty();
    };
  }

  @AfterEach
  void close() throws Exception {
    if (connector != null) {
      connector.close();
    }
    listener.close();
    ManagementFactory.getPlatformMBeanServer().unregisterMBean(bean);
  }

  @SuppressWarnings("BanJNDI") // The way in that is tested.
  private MBeanServerConnection as(@Nullable Object credentials) throws IOException {
    Map<String, Object> environment = new HashMap<>();
    if (credentials != null) {
      environment.put(JMXConnector.CREDENTIALS, credentials);
    }
    connector = JMXConnectorFactory.connect(JmxListener.url(listener.address()), environment);
    return connector.getMBeanServerConnection();
  }

  private static String[] key(String key) {
    return new String[] {"key", key};
  }

  @Test
  void whoMayLookLooksAndChangesNothing() throws Exception {
    MBeanServerConnection looking = as(key("looks"));
    assertThat(looking.getAttribute(bean, "Count")).isEqualTo(0);
    assertThat(looking.invoke(bean, "look", null, null)).isEqualTo(0);
    assertThatThrownBy(() -> grow(looking)).isInstanceOf(SecurityException.class);
    assertThat(probe.count).hasValue(0);
  }

  @Test
  void whoMayOperateChangesSomething() throws Exception {
    assertThat(grow(as(key("operates")))).isEqualTo(1);
  }

  private Object grow(MBeanServerConnection server) throws Exception {
    return server.invoke(
        bean,
        "grow",
        new Object[] {
          new TabularDataSupport(
              (TabularType)
                  ((OpenMBeanParameterInfo)
                          Arrays.stream(
                                  ManagementFactory.getPlatformMBeanServer()
                                      .getMBeanInfo(bean)
                                      .getOperations())
                              .filter(operation -> operation.getName().equals("grow"))
                              .findFirst()
                              .orElseThrow()
                              .getSignature()[0])
                      .getOpenType())
        },
        new String[] {"javax.management.openmbean.TabularData"});
  }

  @Test
  void nobodyComesInWithoutAKey() {
    for (Object given :
        new Object[] {
          null, key("wrong"), new String[] {"key"}, new String[] {"key", null}, "operates", 7
        }) {
      assertThatThrownBy(() -> as(given))
          .as("credentials %s", given)
          .isInstanceOfAny(SecurityException.class, IOException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "com.sun.management:type=DiagnosticCommand, help",
    "com.sun.management:type=HotSpotDiagnostic, dumpHeap",
    "jdk.management.jfr:type=FlightRecorder, newRecording",
    "java.util.logging:type=Logging, setLoggerLevel",
    "java.lang:type=Memory, gc",
    "java.lang:type=Threading, dumpAllThreads",
    "java.lang:type=Runtime, exit",
    "io.sampo:type=Probe, getClass"
  })
  void noOperationButSamposIsCalled(String name, String operation) throws Exception {
    MBeanServerConnection operating = as(key("operates"));
    ObjectName other = new ObjectName(name);
    assertThatThrownBy(() -> operating.invoke(other, operation, new Object[0], new String[0]))
        .isInstanceOf(SecurityException.class)
        .hasMessageStartingWith("operation_not_allowed");
  }

  @Test
  void beansThatWriteFilesOrLoadClassesAreNotEvenSeen() throws Exception {
    MBeanServerConnection operating = as(key("operates"));
    Set<ObjectName> seen = operating.queryNames(null, null);
    assertThat(seen).contains(bean, new ObjectName("java.lang:type=Runtime"));
    assertThat(seen)
        .allMatch(
            name ->
                Set.of("io.sampo", "java.lang", "java.nio", "JMImplementation", "pekko")
                    .contains(name.getDomain()));
    assertThat(operating.getDomains()).doesNotContain("com.sun.management", "java.util.logging");
    assertThatThrownBy(
            () ->
                operating.getAttribute(
                    new ObjectName("com.sun.management:type=HotSpotDiagnostic"),
                    "DiagnosticOptions"))
        .isInstanceOf(SecurityException.class);
  }

  @Test
  void nothingIsCreatedRegisteredOrSet() throws Exception {
    MBeanServerConnection operating = as(key("operates"));
    ObjectName own = new ObjectName("io.sampo:type=Own");
    assertThatThrownBy(() -> operating.createMBean("javax.management.timer.Timer", own))
        .isInstanceOf(SecurityException.class);
    assertThatThrownBy(() -> operating.unregisterMBean(bean)).isInstanceOf(SecurityException.class);
    assertThatThrownBy(() -> operating.setAttribute(bean, new Attribute("Count", 7)))
        .isInstanceOf(SecurityException.class);
    assertThatThrownBy(
            () ->
                operating.setAttribute(
                    new ObjectName("java.lang:type=Memory"), new Attribute("Verbose", true)))
        .isInstanceOf(SecurityException.class);
    assertThatThrownBy(() -> operating.addNotificationListener(bean, own, null, null))
        .isInstanceOf(SecurityException.class);
    assertThat(ManagementFactory.getPlatformMBeanServer().isRegistered(own)).isFalse();
  }

  @Test
  void noObjectOfAnotherClassIsMadeFromBytes() throws Exception {
    assertThatThrownBy(() -> as(new Gadget()))
        .isInstanceOfAny(IOException.class, SecurityException.class);
    MBeanServerConnection operating = as(key("operates"));
    assertThatThrownBy(
            () ->
                operating.invoke(
                    bean, "grow", new Object[] {new Gadget()}, new String[] {"java.util.Map"}))
        .isInstanceOf(Exception.class);
    assertThat(Gadget.MADE).hasValue(0);
    assertThat(grow(operating)).isEqualTo(1);
  }

  @Test
  void theRegistryTakesNoObjectOfSomebodyElse() throws Exception {
    String[] at = listener.address().split(":", -1);
    Registry registry = LocateRegistry.getRegistry(at[0], Integer.parseInt(at[1]));
    assertThat(registry.list()).containsExactly("jmxrmi");
    assertThatThrownBy(() -> registry.rebind("jmxrmi", registry)).isInstanceOf(Exception.class);
    assertThat(as(key("looks")).getAttribute(bean, "Count")).isEqualTo(0);
  }

  @Test
  void nobodyElsesMachineReachesIt() throws Exception {
    String[] at = listener.address().split(":", -1);
    for (NetworkInterface card : Collections.list(NetworkInterface.getNetworkInterfaces())) {
      for (InetAddress address : Collections.list(card.getInetAddresses())) {
        if (!address.isLoopbackAddress()) {
          assertThatThrownBy(() -> new Socket(address, Integer.parseInt(at[1])).close())
              .isInstanceOf(IOException.class);
        }
      }
    }
    assertThatThrownBy(() -> JmxListener.open("0.0.0.0", 0, null, JmxListenerTest::owner))
        .hasMessage("JMX beyond this machine needs TLS");
  }
}
