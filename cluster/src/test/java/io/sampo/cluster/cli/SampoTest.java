package io.sampo.cluster.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SampoTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          sreve              | no verb sreve, did you mean serve?; see 'sampo --help'
          node               | give --role gateway, --role engine or both; 'sampo serve' is both at once
          node --role boss   | --role boss: expected gateway, engine or both
          node --role gateway --threads 2 | --threads 2: only nodes that run models are told this; this one takes requests
          node --role engine --model-alias x | --model-alias x: only gateways are told this; this node runs models
          node --role gateway --model a --model b | --model a,b: a gateway serves one model; start another for the other
          node --role engine --join h | --join h: expected HOST:PORT of a node's cluster address
          node --role engine --join h:0 | --join h:0: expected a port from 1 to 65535
          serve --prot 3     | unknown option --prot, did you mean --port?; see 'sampo serve --help'
          serve --zzz=3      | unknown option --zzz; see 'sampo serve --help'
          serve a b          | one word too many: b; see 'sampo serve --help'
          serve --replicas x | --replicas x: expected a number, 0 to 1000
          serve --role engine | unknown option --role; see 'sampo serve --help'
          serve --jmx-host ::1 | --jmx-host ::1: without --jmx-port nobody comes in there; give that too
          serve --jmx-port 0 --jmx-host 0.0.0.0 | --jmx-host 0.0.0.0: others could reach this address; give --jmx-tls FOLDER, or keep --jmx-host 127.0.0.1
          serve --admin-host 0.0.0.0 | --admin-host 0.0.0.0: others could reach this address and no keys are set; give --api-key-file FILE with a line 'admin KEY', or keep --admin-host 127.0.0.1
          serve --port       | Missing required parameter for option '--port' (N); see 'sampo serve --help'
          serve --port x     | --port x: expected a number, 0 to 65535
          serve --ctx-size 3Q | --ctx-size 3Q: expected a number of tokens, such as 4096 or 8K
          serve --host 0.0.0.0 | --host 0.0.0.0: others could reach this address and no keys are set; give --api-key-file FILE (one key a line) or keep --host 127.0.0.1
          serve --engine x   | --engine x: no such engine; there are llamacpp, simulated
          serve --engine simulated --draft x | --draft x: a simulated engine has nothing to guess; leave it out
          pull               | Missing required parameter: 'MODEL'; see 'sampo pull --help'
          """)
  void wordsThatCannotBeMeantAreAUsageError(String words, String line) {
    assertThat(run(Map.of(), words.split(" ", -1))).isEqualTo(2);
    assertThat(err.toString(UTF_8)).isEqualTo("sampo: " + line + "\n");
    assertThat(out.size()).isZero();
  }

  @Test
  void everyFlagOfServeIsInItsHelpWithTheVariables() {
    assertThat(run(Map.of(), "serve", "--help")).isZero();
    String help = out.toString(UTF_8);
    for (String name :
        ("host port cluster-host cluster-port api-key-file model-alias ctx-size parallel threads"
                + " gpu-layers kv-type kernels speculation draft engine deterministic allowed-host"
                + " data-dir config log-format debug-headers join cluster-tls replicas supervised"
                + " admin-host admin-port jmx-port jmx-host jmx-tls")
            .split(" ", -1)) {
      assertThat(help).contains("--" + name);
    }
    assertThat(help).contains("SAMPO_CTX_SIZE", "Examples");
    assertThat(help).doesNotContain("\u001b");
  }

  @Test
  void aTakenPortIsToldAtOnce() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertThat(run(Map.of("SAMPO_PORT", "" + port), "serve", "--engine=simulated")).isEqualTo(1);
      assertThat(err.toString(UTF_8))
          .isEqualTo(
              "sampo: cannot listen on 127.0.0.1:"
                  + port
                  + " (Address already in use); end what uses it or give --port N\n");
    }
  }

  @Test
  void aTakenClusterPortIsOneLineToo() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = "" + taken.getLocalPort();
      assertThat(run(Map.of(), "serve", "--engine=simulated", "--port=0", "--cluster-port=" + port))
          .isEqualTo(1);
      assertThat(err.toString(UTF_8))
          .isEqualTo("sampo: cannot listen on 127.0.0.1:" + port + " (Address already in use)\n");
    }
  }

  @Test
  void aHubThatCannotBeReachedOrAProxyThatCannotBeUsedIsOneLine(@TempDir Path folder)
      throws IOException {
    int closed;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closed = socket.getLocalPort();
    }
    Map<String, String> hub =
        Map.of("SAMPO_HOME", folder + "", "HF_ENDPOINT", "http://127.0.0.1:" + closed);
    assertThat(run(hub, "pull", "hf:org/repo")).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .isEqualTo(
            "sampo: 127.0.0.1 cannot be reached (ConnectException): check the network, or set"
                + " HTTPS_PROXY\n");
    err.reset();
    assertThat(run(Map.of("HTTPS_PROXY", "socks5://p:1"), "pull", "hf:org/repo")).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .isEqualTo(
            "sampo: HTTPS_PROXY: expected http://HOST:PORT, without a user name or password\n");
  }

  @Test
  void helpIsAVerbToo() {
    assertThat(run(Map.of(), "help", "serve")).isZero();
    assertThat(out.toString(UTF_8)).contains("--ctx-size");
  }

  @Test
  void aFileThatIsNoModelIsAFailureThatNamesIt(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("bad.gguf"), "not a model");
    assertThat(run(Map.of("SAMPO_PORT", "0"), "serve", file.toString())).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .startsWith("sampo: " + file + ": GGUF rejected: ")
        .hasLineCount(1);
    assertThat(run(Map.of(), "show", folder.resolve("none.gguf").toString())).isEqualTo(1);
    assertThat(err.toString(UTF_8)).endsWith("sampo: there is no file " + folder + "/none.gguf\n");
  }

  @Test
  void anEmptyStoreListsNothingAndSaysHowToFillIt(@TempDir Path folder) {
    assertThat(run(Map.of("SAMPO_HOME", folder.toString()), "ls", "--json")).isZero();
    assertThat(out.toString(UTF_8)).isEqualTo("[]\n");
    assertThat(run(Map.of("SAMPO_HOME", folder.toString()), "rm", "stories15m")).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .isEqualTo("sampo: stories15m is not on this machine; 'sampo ls' lists what is\n");
  }

  @Test
  void versionsAreOneObjectForPrograms() {
    assertThat(run(Map.of(), "version", "--json")).isZero();
    assertThat(out.toString(UTF_8)).startsWith("{\"sampo\":\"").contains("\"pekko\":\"1.");
  }

  private int run(Map<String, String> environment, String... words) {
    Surroundings surroundings =
        new Surroundings(
            environment,
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            false,
            false);
    return Sampo.run(surroundings, words);
  }
}
