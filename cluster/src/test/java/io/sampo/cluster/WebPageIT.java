package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.node.SampoNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The web page in a real browser, of nodes that serve a simulated model. */
@Timeout(180)
class WebPageIT {

  @TempDir Path folder;

  private final TestCluster cluster = new TestCluster();
  private Browser browser;

  @BeforeEach
  void open() throws Exception {
    browser = Browser.start(folder);
    browser.screen(1280, 800);
  }

  @AfterEach
  void close() {
    if (browser != null) {
      browser.close();
    }
    cluster.close();
  }

  private static String clients(SampoNode node) {
    return "http://127.0.0.1:" + node.address().getPort() + "/";
  }

  private static String operators(SampoNode node) {
    return "http://127.0.0.1:" + node.adminAddress().orElseThrow().getPort() + "/";
  }

  private void ask(String text) {
    browser.await("document.querySelector('select').value !== ''");
    browser.type("#prompt", text);
    browser.await("!document.querySelector('.prompt button').disabled");
    browser.press("Enter");
  }

  private void awaitAnswer(int which, String state) {
    browser.await(
        "document.querySelectorAll('.said')[%d]?.dataset.state === '%s'".formatted(which, state));
  }

  private void assertNothingIsLargerThanTheScreen() {
    for (String side : new String[] {"Width", "Height"}) {
      assertThat(
              browser
                  .value("document.documentElement.scroll%s - inner%s".formatted(side, side))
                  .intValue())
          .as(side)
          .isLessThanOrEqualTo(0);
    }
    assertThat(
            browser
                .value(
                    "[...document.querySelectorAll('main, .view, .turns, .chat,"
                        + " .cluster')].filter(e => e.scrollWidth > e.clientWidth).map(e =>"
                        + " e.className).join()")
                .stringValue())
        .isEmpty();
  }

  private void assertKeptItsPolicy() {
    assertThat(browser.violations()).isEmpty();
    assertThat(browser.errors()).isEmpty();
  }

  @Test
  void aConversationIsAnsweredToTheEndAndItsSecondTurnIsCached() throws Exception {
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of("profile", "gpu-l4"));
    cluster.awaitReplicas(gateway, 1);
    browser.open(clients(gateway));
    ask("Tell me of the sea and of those who went there");
    awaitAnswer(0, "done");
    assertThat(browser.text(".said .markdown")).hasSizeGreaterThan(500);
    assertThat(browser.text(".said .figures"))
        .containsPattern("^512 tokens · [\\d.,]+ tok/s · first after .* · prompt \\d+, 0 cached");
    assertThat(browser.value("document.activeElement.id").stringValue()).isEqualTo("prompt");
    ask("Go on");
    awaitAnswer(1, "done");
    assertThat(
            browser
                .value("[...document.querySelectorAll('.figures')].at(-1).innerText")
                .stringValue())
        .containsPattern("prompt [\\d,]+, [1-9][\\d,]* cached");
    browser.picture("chat");
    assertNothingIsLargerThanTheScreen();
    browser.dark(true);
    assertThat(browser.value("getComputedStyle(document.body).backgroundColor").stringValue())
        .isEqualTo("rgb(18, 24, 26)");
    browser.picture("chat-dark");
    browser.screen(360, 640);
    assertNothingIsLargerThanTheScreen();
    browser.picture("chat-phone");
    assertKeptItsPolicy();
  }

  @Test
  void anAnswerThatIsStoppedInMidStreamEndsInTheClusterToo() throws Exception {
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of("profile", "cpu-2core"));
    cluster.awaitReplicas(gateway, 1);
    browser.open(clients(gateway));
    ask("Tell me");
    browser.await("document.querySelector('.said .markdown')?.innerText.length > 20");
    browser.press("Escape");
    awaitAnswer(0, "stopped");
    assertThat(browser.text(".said .figures")).startsWith("about ").endsWith("stopped");
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> cluster.admin(gateway, "/admin/requests", null).body().contains("[]"));
    assertKeptItsPolicy();
  }

  @Test
  void aConnectionThatIsLostInMidStreamCostsNothingOfTheAnswer() throws Exception {
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of("profile", "gpu-l4"));
    cluster.awaitReplicas(gateway, 1);
    try (CutLine line = new CutLine(gateway.address().getPort())) {
      browser.open("http://127.0.0.1:" + line.port() + "/");
      browser.await("document.querySelector('select').value !== ''");
      browser.value("document.querySelector('details').open = true");
      browser.value("document.querySelector('input[max=\"2\"]').value = ''");
      browser.type("input[max=\"2\"]", "0");
      ask("Tell me");
      for (int cuts = 1; cuts <= 2; cuts++) {
        browser.await(
            "document.querySelector('.said .markdown')?.innerText.length > %d"
                .formatted(cuts * 300));
        line.cut();
      }
      awaitAnswer(0, "done");
      String cut = browser.text(".said .markdown");
      browser.click(".choices > button");
      browser.await("document.querySelector('.said') === null");
      ask("Tell me");
      awaitAnswer(0, "done");
      assertThat(cut).hasSizeGreaterThan(1000).isEqualTo(browser.text(".said .markdown"));
      assertThat(cluster.get(gateway, "/stats").body()).contains("\"found\":2");
      assertKeptItsPolicy();
    }
  }

  @Test
  void aNodeThatIsKilledIsSeenToGo() throws Exception {
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of());
    try (NodeProcess killed =
        NodeProcess.start(
            folder,
            "ready",
            "node",
            "--role=engine",
            "--engine=simulated",
            "--port=0",
            "--join=" + gateway.clusterAddress())) {
      cluster.awaitReplicas(gateway, 2);
      TestCluster.text(cluster.complete(gateway, "Tell me", 50));
      browser.open(operators(gateway));
      browser.await("document.querySelector('.tile dd')?.innerText === '3 of 3'");
      browser.await("document.querySelectorAll('.tile dd')[1].innerText === '2 of 2'");
      browser.screen(1280, 1500);
      browser.picture("cluster");
      killed.kill();
      browser.await("document.querySelector('.tile dd').innerText !== '3 of 3'");
      browser.await("document.querySelectorAll('.tile dd')[1].innerText === '1 of 1'");
      browser.await("document.querySelector('.events').innerText.includes('member-unreachable')");
      browser.picture("cluster-after-a-kill");
      browser.dark(true);
      browser.screen(360, 640);
      assertNothingIsLargerThanTheScreen();
      browser.picture("cluster-phone");
      assertKeptItsPolicy();
    }
  }

  @Test
  void aRequestIsEndedByItsButton() throws Exception {
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of("profile", "cpu-2core"));
    cluster.awaitReplicas(gateway, 1);
    Thread client =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    cluster.complete(gateway, "Go on", 3000);
                  } catch (Exception ended) {
                    throw new IllegalStateException(ended);
                  }
                });
    browser.open(operators(gateway));
    browser.await("document.querySelector('button[aria-label^=\"End request\"]')");
    browser.click("button[aria-label^=\"End request\"]");
    browser.await("document.querySelector('[role=status]').innerText.startsWith('ended ')");
    client.join(Duration.ofSeconds(20));
    assertThat(client.isAlive()).isFalse();
    assertKeptItsPolicy();
  }

  @Test
  void aReplicaIsDrainedByItsButtonAndTakenBack() throws Exception {
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of());
    cluster.awaitReplicas(gateway, 1);
    browser.open(operators(gateway));
    browser.await("document.querySelector('button[aria-label=\"Drain replica sim#0\"]')");
    browser.click("button[aria-label=\"Drain replica sim#0\"]");
    browser.await("document.querySelector('button[aria-label=\"Undrain replica sim#0\"]')");
    browser.await(
        "[...document.querySelectorAll('.state.poor')].some(e => e.innerText === 'draining')");
    browser.screen(1280, 1500);
    browser.picture("cluster-drained");
    browser.click("button[aria-label=\"Undrain replica sim#0\"]");
    browser.await("document.querySelector('button[aria-label=\"Drain replica sim#0\"]')");
    assertKeptItsPolicy();
  }

  @Test
  void aKeyIsAskedForWhereOneIsWantedAndMayChangeNothingWhenItOnlyReads() throws Exception {
    Path keys = folder.resolve("keys");
    Files.writeString(keys, "infer asks\nread looks\nadmin operates\n");
    try (NodeProcess node =
        NodeProcess.start(
            folder, "ready", "serve", "--engine=simulated", "--port=0", "--api-key-file=" + keys)) {
      String clients = "http://127.0.0.1:" + node.httpPort() + "/";
      browser.open(clients);
      browser.await("document.querySelector('#key')");
      browser.picture("key");
      enter("wrong");
      browser.await("document.querySelector('.key .bad')?.innerText.includes('Incorrect')");
      enter("asks");
      browser.await("document.querySelector('select').value !== ''");
      assertThat(browser.value("sessionStorage.length + localStorage.length").intValue())
          .isEqualTo(1);
      browser.open(clients + "#cluster");
      browser.await("document.querySelector('.links a')");
      String operators = browser.text(".links a");
      browser.picture("elsewhere");
      assertKeptItsPolicy();

      browser.open(operators);
      browser.await("document.querySelector('#key')");
      enter("looks");
      browser.await("document.querySelector('.tile dd')");
      assertThat(browser.value("document.querySelectorAll('.cluster button').length").intValue())
          .isZero();
      browser.open(operators.replace("#cluster", "#chat"));
      browser.await(
          "document.querySelector('.links a')?.innerText === '%s#chat'".formatted(clients));
      assertKeptItsPolicy();
    }
  }

  private void enter(String key) {
    browser.value("document.querySelector('#key').value = ''");
    browser.type("#key", key);
    browser.press("Enter");
  }
}
