package io.sampo.cluster.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import net.logstash.logback.encoder.LogstashEncoder;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets logback up; found by it through {@link java.util.ServiceLoader} at the first log record.
 * Sampo speaks from INFO, all else from WARN. A file named by logback's own property {@code
 * logback.configurationFile} takes precedence.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_NORMAL_PRIORITY)
public final class Logging extends ContextAwareBase implements Configurator {

  /** System property: {@code json} for JSON records. Read once, at the first record. */
  public static final String FORMAT = "sampo.log.format";

  /** The logger of the access log: one record for each HTTP request. */
  public static final String ACCESS = "io.sampo.access";

  /**
   * Makes the loggers, with records of the format that {@link #FORMAT} names. Of the threads that
   * log first at the same time only one may, and the others' records would be told of as
   * intercepted; so this goes before there are several.
   */
  public static void begin() {
    ILoggerFactory _ = LoggerFactory.getILoggerFactory();
  }

  /** Switches the access log on or off, for this process. */
  public static void access(boolean on) {
    ILoggerFactory loggers = LoggerFactory.getILoggerFactory();
    if (loggers instanceof LoggerContext context) {
      context.getLogger(ACCESS).setLevel(on ? null : Level.OFF);
    }
  }

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    if (System.getProperty("logback.configurationFile") != null) {
      return ExecutionStatus.INVOKE_NEXT_IF_ANY;
    }
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setName("stderr");
    appender.setTarget("System.err");
    appender.setEncoder("json".equals(System.getProperty(FORMAT)) ? json() : text());
    appender.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(appender);
    context.getLogger("io.sampo").setLevel(Level.INFO);
    // Of a node that has gone; the cluster itself tells what that means.
    context.getLogger("org.apache.pekko.stream.Materializer").setLevel(Level.ERROR);
    // An address that is taken is told by the node itself, without a stack.
    context.getLogger("org.apache.pekko.io.TcpListener").setLevel(Level.OFF);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  private Encoder<ILoggingEvent> text() {
    TextLayout layout = new TextLayout();
    layout.setContext(getContext());
    layout.start();
    LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
    encoder.setContext(getContext());
    encoder.setLayout(layout);
    encoder.start();
    return encoder;
  }

  private Encoder<ILoggingEvent> json() {
    LogstashEncoder encoder = new LogstashEncoder();
    encoder.setContext(getContext());
    encoder.start();
    return encoder;
  }
}
