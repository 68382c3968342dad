package io.sampo.ops.jmx;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import javax.management.JMException;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanServer;
import javax.management.ObjectInstance;
import javax.management.ObjectName;
import javax.management.remote.MBeanServerForwarder;
import javax.security.auth.Subject;
import org.jspecify.annotations.Nullable;

/**
 * Stands before the MBean server for clients that come over the network. They see Sampo's beans and
 * the platform's, read attributes of both, and call operations of Sampo's alone: those that change
 * something only when they may operate. Everything else is refused, whether it was thought of or
 * not: what is allowed is listed.
 *
 * <p>The platform's operations and the beans that are not in the list write files, load classes,
 * run commands or dump the heap; each of them has been somebody's way in (CVE-2022-41678,
 * FlightRecorder).
 */
final class JmxGuard implements InvocationHandler {

  private static final String REFUSED = "operation_not_allowed";

  /** The platform's domains that may be read, wholly. */
  private static final Set<String> READ_DOMAINS =
      Set.of("java.lang", "java.nio", "JMImplementation", "pekko");

  private final MBeanServer server;
  private final boolean proven;

  private JmxGuard(MBeanServer server, boolean proven) {
    this.server = server;
    this.proven = proven;
  }

  /**
   * Guards a server.
   *
   * @param proven whether clients have proven who they are; who is unknown then may not operate
   */
  static MBeanServerForwarder before(MBeanServer server, boolean proven) {
    return (MBeanServerForwarder)
        Proxy.newProxyInstance(
            JmxGuard.class.getClassLoader(),
            new Class<?>[] {MBeanServerForwarder.class},
            new JmxGuard(server, proven));
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    return switch (method.getName()) {
      case "getMBeanServer" -> server;
      case "setMBeanServer" -> null;
      // The last is asked by the connector itself; no client reaches it.
      case "getDefaultDomain",
          "getMBeanCount",
          "hashCode",
          "equals",
          "toString",
          "getClassLoaderRepository" ->
          passed(method, arguments);
      case "getDomains" -> domains();
      case "queryNames" -> names(method, arguments);
      case "queryMBeans" -> instances(method, arguments);
      case "isRegistered",
          "isInstanceOf",
          "getMBeanInfo",
          "getObjectInstance",
          "getAttribute",
          "getAttributes",
          "getClassLoaderFor" ->
          read(method, arguments);
      case "addNotificationListener", "removeNotificationListener" -> listen(method, arguments);
      case "invoke" -> operate(method, arguments);
      default -> throw refused(method.getName());
    };
  }

  private Object passed(Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(server, arguments);
    } catch (InvocationTargetException thrown) {
      throw thrown.getCause();
    }
  }

  private Object read(Method method, Object[] arguments) throws Throwable {
    requireVisible((ObjectName) arguments[0]);
    return passed(method, arguments);
  }

  /** Another bean cannot be made the listener: its handler would run for somebody else. */
  private Object listen(Method method, Object[] arguments) throws Throwable {
    requireVisible((ObjectName) arguments[0]);
    if (arguments.length > 1 && arguments[1] instanceof ObjectName) {
      throw refused(method.getName());
    }
    return passed(method, arguments);
  }

  private Object operate(Method method, Object[] arguments) throws Throwable {
    ObjectName bean = (ObjectName) arguments[0];
    String operation = (String) arguments[1];
    if (!bean.getDomain().equals(Beans.DOMAIN) || bean.isPattern()) {
      throw refused(operation);
    }
    if (changes(bean, operation) && !user().map(JmxUser::operates).orElse(!proven)) {
      throw refused(operation);
    }
    return passed(method, arguments);
  }

  private boolean changes(ObjectName bean, String operation) throws JMException {
    for (MBeanOperationInfo info : server.getMBeanInfo(bean).getOperations()) {
      if (info.getName().equals(operation)) {
        return info.getImpact() != MBeanOperationInfo.INFO;
      }
    }
    throw refused(operation);
  }

  private Object domains() {
    Set<String> seen = new LinkedHashSet<>();
    for (String domain : server.getDomains()) {
      if (visible(domain)) {
        seen.add(domain);
      }
    }
    return seen.toArray(String[]::new);
  }

  private Object names(Method method, Object[] arguments) throws Throwable {
    Set<ObjectName> seen = new LinkedHashSet<>();
    for (Object name : (Set<?>) passed(method, arguments)) {
      if (name instanceof ObjectName bean && visible(bean.getDomain())) {
        seen.add(bean);
      }
    }
    return seen;
  }

  private Object instances(Method method, Object[] arguments) throws Throwable {
    Set<ObjectInstance> seen = new LinkedHashSet<>();
    for (Object instance : (Set<?>) passed(method, arguments)) {
      if (instance instanceof ObjectInstance bean && visible(bean.getObjectName().getDomain())) {
        seen.add(bean);
      }
    }
    return seen;
  }

  private static void requireVisible(ObjectName bean) {
    if (bean.isPattern() || !visible(bean.getDomain())) {
      throw refused(bean.toString());
    }
  }

  private static boolean visible(String domain) {
    return domain.equals(Beans.DOMAIN) || READ_DOMAINS.contains(domain);
  }

  /** Empty where nobody has to prove who they are. */
  private static Optional<JmxUser> user() {
    return Optional.ofNullable(Subject.current()).stream()
        .flatMap(subject -> subject.getPrincipals(JmxUser.class).stream())
        .findFirst();
  }

  private static SecurityException refused(String what) {
    return new SecurityException(REFUSED + ": " + what);
  }
}
