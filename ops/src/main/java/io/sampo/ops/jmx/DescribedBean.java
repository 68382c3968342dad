package io.sampo.ops.jmx;

import io.sampo.ops.admin.Change;
import io.sampo.ops.admin.Describe;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.Optional;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanNotificationInfo;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanParameterInfo;
import javax.management.Notification;
import javax.management.NotificationBroadcasterSupport;
import javax.management.StandardEmitterMBean;

/**
 * An MXBean that tells what it is: descriptions by {@link Describe}, names of parameters, and the
 * impact of operations by {@link Change}. Method names of its interface are unique.
 */
final class DescribedBean<T> extends StandardEmitterMBean {

  /** The type of the notifications of Sampo's beans begins so; the kind of event follows. */
  static final String NOTIFICATION = "io.sampo.";

  private static final MBeanNotificationInfo NOTIFICATIONS =
      new MBeanNotificationInfo(
          new String[] {NOTIFICATION + "event"},
          Notification.class.getName(),
          "What happens; the user data is the event.");

  private final Class<T> face;

  private DescribedBean(T bean, Class<T> face, NotificationBroadcasterSupport emitter) {
    super(bean, face, true, emitter);
    this.face = face;
  }

  static <T> DescribedBean<T> silent(T bean, Class<T> face) {
    return new DescribedBean<>(bean, face, new NotificationBroadcasterSupport());
  }

  /** One that sends notifications of events. */
  static <T> DescribedBean<T> speaking(T bean, Class<T> face) {
    return new DescribedBean<>(bean, face, new NotificationBroadcasterSupport(NOTIFICATIONS));
  }

  @Override
  protected String getDescription(MBeanInfo info) {
    Describe described = face.getAnnotation(Describe.class);
    return described == null ? super.getDescription(info) : described.value();
  }

  @Override
  protected String getDescription(MBeanAttributeInfo info) {
    return described("get" + info.getName()).orElseGet(() -> super.getDescription(info));
  }

  @Override
  protected String getDescription(MBeanOperationInfo info) {
    return described(info.getName()).orElseGet(() -> super.getDescription(info));
  }

  @Override
  protected int getImpact(MBeanOperationInfo info) {
    return method(info.getName()).isPresent() && changes(face, info.getName())
        ? MBeanOperationInfo.ACTION
        : MBeanOperationInfo.INFO;
  }

  @Override
  protected String getParameterName(
      MBeanOperationInfo operation, MBeanParameterInfo parameter, int sequence) {
    return method(operation.getName())
        .map(Method::getParameters)
        .filter(parameters -> parameters.length > sequence)
        .map(parameters -> parameters[sequence])
        .map(Parameter::getName)
        .orElseGet(() -> super.getParameterName(operation, parameter, sequence));
  }

  /** Whether an operation of a bean with this interface changes something. */
  static boolean changes(Class<?> face, String operation) {
    return Arrays.stream(face.getMethods())
        .filter(method -> method.getName().equals(operation))
        .anyMatch(method -> method.isAnnotationPresent(Change.class));
  }

  private Optional<String> described(String name) {
    return method(name).map(method -> method.getAnnotation(Describe.class)).map(Describe::value);
  }

  private Optional<Method> method(String name) {
    return Arrays.stream(face.getMethods())
        .filter(method -> method.getName().equals(name))
        .findFirst();
  }
}
