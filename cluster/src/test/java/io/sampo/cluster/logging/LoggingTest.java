package io.sampo.cluster.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class LoggingTest {

  private final LoggerContext context = new LoggerContext();

  @Test
  void aMessageCannotForgeARecordOrSteerTheTerminal() {
    String line = layOut("first\n12:00:00.000 INFO  Forged\u001b[2J\r", null);
    assertThat(line).endsWith("Room  first\\n12:00:00.000 INFO  Forged\\u001b[2J\\u000d\n");
    assertThat(line.lines()).hasSize(1);
  }

  @Test
  void namedValuesFollowTheMessageAndCannotForgeOthers() {
    Logger logger = context.getLogger("io.sampo.access");
    LoggingEvent event = new LoggingEvent("", logger, Level.INFO, "answered", null, null);
    event.setKeyValuePairs(
        List.of(
            new KeyValuePair("status", 200),
            new KeyValuePair("model", "a b\" status=500\n"),
            new KeyValuePair("empty", "")));
    assertThat(new TextLayout().doLayout(event))
        .endsWith("access  answered status=200 model=\"a b\\\" status=500\\n\" empty=\"\"\n");
  }

  @Test
  void anExceptionIsFollowedByItsFramesAndItsCause() {
    Throwable thrown = new IllegalStateException("a\nb", new IllegalArgumentException("c"));
    assertThat(layOut("failed", thrown))
        .contains("\n  java.lang.IllegalStateException: a\\nb\n    at ")
        .contains("\n  caused by java.lang.IllegalArgumentException: c\n");
  }

  @Test
  void sampoSpeaksFromInfoAndTheRestFromWarn() {
    Logging logging = new Logging();
    logging.setContext(context);
    logging.configure(context);
    assertThat(context.getLogger("io.sampo.actors").isInfoEnabled()).isTrue();
    assertThat(context.getLogger("io.sampo.actors").isDebugEnabled()).isFalse();
    assertThat(context.getLogger("org.apache.pekko").isInfoEnabled()).isFalse();
    assertThat(context.getLogger("org.apache.pekko").isWarnEnabled()).isTrue();
  }

  private String layOut(String message, @Nullable Throwable thrown) {
    Logger logger = context.getLogger("io.sampo.Room");
    LoggingEvent event = new LoggingEvent("", logger, Level.INFO, message, thrown, null);
    return new TextLayout().doLayout(event);
  }
}
