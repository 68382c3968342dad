package io.sampo.cluster.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.gateway.ScriptedAdmission.Talk;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that is gone frees its work at once, whatever it left in and however. */
@Timeout(60)
class ClientLeavesTest {

  private final TestGateway gateway = new TestGateway();

  @AfterEach
  void stop() {
    gateway.close();
  }

  @Test
  void cancelsWhenTheSocketIsClosedBeforeAWholeAnswer() throws Exception {
    Socket socket = gateway.rawPost(TestGateway.CHAT, TestGateway.ASK);
    Talk talk = gateway.begun();
    socket.close();
    assertThat(talk.hungUp).succeedsWithin(Duration.ofSeconds(5));
    serves();
  }

  @Test
  void cancelsWhenTheSocketIsReset() throws Exception {
    Socket socket = gateway.rawPost(TestGateway.CHAT, TestGateway.ASK);
    Talk talk = gateway.begun();
    socket.setSoLinger(true, 0);
    socket.close();
    assertThat(talk.hungUp).succeedsWithin(Duration.ofSeconds(5));
    serves();
  }

  /** The HTTP layer then reads no further, which looks as if the client had gone. */
  @Test
  void answersAClientThatAsksToCloseAndWhoseBodyComesAfterItsHead() throws Exception {
    for (String version : List.of("1.1", "1.0")) {
      String head =
          "POST %s HTTP/%s\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
              .formatted(TestGateway.CHAT, version, TestGateway.ASK.length());
      try (Socket socket = gateway.raw(head + TestGateway.ASK.substring(0, 9))) {
        Awaitility.await().pollDelay(Duration.ofMillis(100)).until(() -> true);
        socket.getOutputStream().write(TestGateway.ASK.substring(9).getBytes(UTF_8));
        Talk talk = gateway.admission.next();
        talk.answer("well");
        assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
            .startsWith("HTTP/1.1 200 ")
            .contains("well");
      }
    }
  }

  @Test
  void takesAHalfClosedClientForGone() throws Exception {
    try (Socket socket = gateway.rawPost(TestGateway.CHAT, TestGateway.ASK)) {
      Talk talk = gateway.begun();
      socket.shutdownOutput();
      assertThat(talk.hungUp).succeedsWithin(Duration.ofSeconds(5));
    }
    serves();
  }

  @Test
  void hangsUpOnAGenerationThatIsAdmittedAfterTheClientLeft() throws Exception {
    Socket socket = gateway.rawPost(TestGateway.CHAT, TestGateway.ASK);
    Talk talk = gateway.admission.next();
    socket.close();
    gateway.awaitNoRunningAnswerButTheLeft();
    talk.admitted(gateway.generation(talk));
    assertThat(talk.hungUp).succeedsWithin(Duration.ofSeconds(5));
    serves();
  }

  @Test
  void cancelsAStreamWhoseClientLeaves() throws Exception {
    Socket socket = gateway.rawPost(TestGateway.CHAT, TestGateway.ASK_STREAM);
    Talk talk = gateway.begun().text(0, "once");
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    assertThat(reader.lines().filter(line -> line.contains("once")).findFirst()).isPresent();
    socket.close();
    assertThat(talk.hungUp).succeedsWithin(Duration.ofSeconds(5));
    serves();
  }

  private void serves() throws Exception {
    gateway.admission.answerBy(talk -> talk.answer("well"));
    assertThat(gateway.send(gateway.post(TestGateway.CHAT, TestGateway.ASK)).body())
        .contains("\"content\":\"well\"");
    assertThat(gateway.gateway.runningAnswers()).isZero();
  }
}
