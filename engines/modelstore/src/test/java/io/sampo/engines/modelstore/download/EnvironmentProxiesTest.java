package io.sampo.engines.modelstore.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class EnvironmentProxiesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          https_proxy=http://p:3128             | https://hf.example      | p:3128
          HTTPS_PROXY=p:3128                    | https://hf.example      | p:3128
          HTTPS_PROXY=http://p                  | https://hf.example      | p:80
          HTTP_PROXY=http://p:3128              | https://hf.example      | direct
          ALL_PROXY=http://p:3128               | http://hf.example       | p:3128
          https_proxy=a:1 HTTPS_PROXY=b:2       | https://hf.example      | a:1
          HTTPS_PROXY=p:1 NO_PROXY=example      | https://hf.example      | direct
          HTTPS_PROXY=p:1 NO_PROXY=.hf.example  | https://hf.example      | direct
          HTTPS_PROXY=p:1 NO_PROXY=f.example    | https://hf.example      | p:1
          HTTPS_PROXY=p:1 NO_PROXY=a,hf.example:8443 | https://HF.example:8443 | direct
          HTTPS_PROXY=p:1 NO_PROXY=hf.example:8443   | https://hf.example      | p:1
          HTTPS_PROXY=p:1 no_proxy=*            | https://hf.example      | direct
          HTTP_PROXY=p:1                        | http://127.0.0.1:8080   | direct
          """)
  void choosesAsTheVariablesSay(String variables, String address, String expected) {
    Map<String, String> environment = new HashMap<>();
    for (String variable : variables.split(" ", -1)) {
      environment.put(variable.split("=", 2)[0], variable.split("=", 2)[1]);
    }
    Proxy proxy = proxies(environment).select(URI.create(address)).getFirst();
    String chosen =
        proxy.address() instanceof InetSocketAddress at
            ? at.getHostString() + ":" + at.getPort()
            : "direct";
    assertThat(chosen).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"socks5://p:1", "https://p:1", "http://user:secret@p:1", "http://"})
  void refusesAProxyThatItCannotUseWithoutTellingItsPassword(String value) {
    assertThatThrownBy(() -> proxies(Map.of("HTTPS_PROXY", value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("HTTPS_PROXY: expected http://HOST:PORT, without a user name or password");
  }

  @Test
  void aDownloadGoesThroughTheProxyAndATokenIsNotShownToIt() throws Exception {
    assertThat(seenByProxy("http_proxy", "http://hub.example/list"))
        .startsWith("GET http://hub.example/list HTTP/1.1");
    assertThat(seenByProxy("https_proxy", "https://hub.example/list"))
        .startsWith("CONNECT hub.example:443 HTTP/1.1")
        .doesNotContain("secret");
  }

  /** The head of the request that a proxy gets, which then refuses. */
  private static String seenByProxy(String variable, String address) throws Exception {
    try (ServerSocket proxy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<String> seen = CompletableFuture.supplyAsync(() -> refuse(proxy));
      DownloadSettings settings =
          new DownloadSettings(
              1, 1 << 10, Duration.ofSeconds(10), Duration.ofSeconds(10), 1, Duration.ofMillis(1));
      Map<String, String> environment = Map.of(variable, "127.0.0.1:" + proxy.getLocalPort());
      Credential token = new Credential(URI.create("https://hub.example"), "secret");
      try (HttpSource source = new HttpSource(proxies(environment), settings, token)) {
        assertThatThrownBy(() -> source.document(URI.create(address), 1 << 10, new ArrayList<>()))
            .isInstanceOf(IOException.class);
      }
      return seen.get(10, TimeUnit.SECONDS);
    }
  }

  private static String refuse(ServerSocket proxy) {
    try (Socket client = proxy.accept();
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
        OutputStream out = client.getOutputStream()) {
      List<String> head = in.lines().takeWhile(line -> !line.isEmpty()).toList();
      out.write("HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      return String.join("\n", head);
    } catch (IOException e) {
      return "";
    }
  }

  private static EnvironmentProxies proxies(Map<String, String> environment) {
    return new EnvironmentProxies(environment, ProxySelector.of(null));
  }
}
