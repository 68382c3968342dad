package io.sampo.cluster.gateway;

import static io.sampo.cluster.gateway.TestGateway.ASK;
import static io.sampo.cluster.gateway.TestGateway.ASK_STREAM;
import static io.sampo.cluster.gateway.TestGateway.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.logging.Logging;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** One record for each request, and nothing in it that is not the operator's business. */
@Timeout(60)
class AccessLogTest {

  private final Logger access =
      ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(Logging.ACCESS);
  private final BlockingQueue<ILoggingEvent> records = new LinkedBlockingQueue<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          records.add(event);
        }
      };
  private final TestGateway gateway = new TestGateway();

  @BeforeEach
  void listen() {
    appender.start();
    access.addAppender(appender);
  }

  @AfterEach
  void stop() {
    access.detachAppender(appender);
    gateway.close();
  }

  @Test
  void tellsWhatAnAnswerTookWhetherWholeOrStreamed() throws Exception {
    gateway.admission.answerBy(talk -> talk.answer("we", "ll"));
    for (String ask : new String[] {ASK, ASK_STREAM}) {
      gateway.send(gateway.post(CHAT + "?secret=1", ask).header("x-request-id", "mine"));
      ILoggingEvent record = next();
      assertThat(record.getMessage()).isEqualTo("answered");
      assertThat(fields(record))
          .containsEntry("client", "127.0.0.1")
          .containsEntry("method", "POST")
          .containsEntry("path", CHAT)
          .containsEntry("status", 200)
          .containsEntry("model", "m")
          .containsEntry("tokens", 2)
          .containsEntry("request", "mine")
          .containsKey("millis");
    }
    assertThat(records).isEmpty();
  }

  @Test
  void tellsRefusalsFailuresInMidStreamAndWhatWasNoRequest() throws Exception {
    gateway.send(gateway.post(CHAT, "{\"model\":\"other\"}").header("authorization", "Bearer key"));
    Map<String, Object> refused = fields(next());
    assertThat(refused)
        .containsEntry("status", 404)
        .containsKey("bytes")
        .doesNotContainKey("model");
    assertThat(refused.toString()).doesNotContain("key=", "Bearer");
    gateway.admission.answerBy(
        talk -> talk.started().text(0, "we").failed(Failure.deadlineExceeded(9, "decode")));
    gateway.send(gateway.post(CHAT, ASK_STREAM));
    assertThat(fields(next())).containsEntry("error", "deadline_exceeded");
    gateway.raw("no request\r\n\r\n").close();
    assertThat(next().getMessage()).isEqualTo("malformed");
  }

  @Test
  void tellsThatAClientLeft() throws Exception {
    try (Socket socket = gateway.rawPost(CHAT, ASK_STREAM)) {
      gateway.admission.next().started().text(0, "we");
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      socket.setSoLinger(true, 0);
    }
    ILoggingEvent record = next();
    assertThat(record.getMessage()).isEqualTo("unfinished");
    assertThat(fields(record)).containsEntry("status", 200).doesNotContainKey("tokens");
  }

  @Test
  void isSilentWhenItIsSwitchedOff() throws Exception {
    Logging.access(false);
    try {
      gateway.send(gateway.request("/live"));
    } finally {
      Logging.access(true);
    }
    gateway.send(gateway.request("/version"));
    assertThat(fields(next())).containsEntry("path", "/version");
  }

  private ILoggingEvent next() throws InterruptedException {
    ILoggingEvent record = records.poll(10, TimeUnit.SECONDS);
    assertThat(record).isNotNull();
    return record;
  }

  private static Map<String, Object> fields(ILoggingEvent record) {
    return record.getKeyValuePairs().stream()
        .collect(Collectors.toMap(pair -> pair.key, pair -> pair.value));
  }
}
