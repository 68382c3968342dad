package io.sampo.cluster.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.Browser;
import io.sampo.cluster.gateway.http.ApiKeys;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a browser is told with the web page, and what it shows of answers that mean harm. */
@Timeout(60)
class PageTest {

  private static final String HOSTILE =
      """
      # Heard

      <img src=x onerror="window.harm = 1"> and <script>window.harm = 1</script>
      <svg/onload=window.harm=1> [one](javascript:window.harm=1) [two](data:text/html,x) \
      [three](https://example.org/?a=1&b=2) ![picture](https://example.org/p.png) `<b>code</b>`

      | a | b |
      |---|---|
      | **1** | <i>2</i> |

      ```html
      <script>window.harm = 1</script>
      ```
      """;

  @TempDir static Path folder;
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway = new TestGateway("", ApiKeys.open());
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @Test
  void theIndexIsAskedForAgainAndItsFilesNever() throws Exception {
    HttpResponse<String> index = gateway.send(gateway.request("/"));
    assertThat(index.statusCode()).isEqualTo(200);
    assertThat(index.headers().firstValue("content-type")).contains("text/html; charset=UTF-8");
    assertThat(index.headers().firstValue("cache-control")).contains("no-cache");
    String tag = index.headers().firstValue("etag").orElseThrow();
    HttpResponse<String> again =
        gateway.send(gateway.request("/").header("if-none-match", "W/\"other\", " + tag));
    assertThat(again.statusCode()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
    assertThat(again.headers().firstValue("etag")).contains(tag);

    String script = index.body().replaceFirst("(?s).*src=\"\\.([^\"]+)\".*", "$1");
    HttpResponse<String> file = gateway.send(gateway.request(script));
    assertThat(file.headers().firstValue("content-type"))
        .contains("text/javascript; charset=UTF-8");
    assertThat(file.headers().firstValue("cache-control"))
        .contains("public, max-age=31536000, immutable");
    assertThat(file.headers().firstValue("x-content-type-options")).contains("nosniff");
  }

  @Test
  void thePolicyLetsNothingInThatIsNoFileOfThePage() throws Exception {
    String policy =
        gateway
            .send(gateway.request("/"))
            .headers()
            .firstValue("content-security-policy")
            .orElseThrow();
    assertThat(policy)
        .contains("default-src 'none'", "frame-ancestors 'none'", "connect-src 'self'")
        .doesNotContain("unsafe", "*", "data:", "http");
    try (Browser browser = Browser.start(folder)) {
      browser.open("http://127.0.0.1:" + gateway.port() + "/");
      assertThat(browser.violations()).isEmpty();
      browser.value(
          "(() => { const s = document.createElement('style'); s.textContent = 'body{color:red}';"
              + " document.body.append(s); })()");
      browser.await("window.violations.length > 0");
    }
  }

  @Test
  void htmlOfAnAnswerIsShownAsTextAndLinksGoOnlyToTheWeb() throws Exception {
    gateway.admission.answerBy(talk -> talk.answer(HOSTILE.split("(?<=\\n)")));
    try (Browser browser = Browser.start(folder)) {
      browser.open("http://127.0.0.1:" + gateway.port() + "/");
      browser.await("document.querySelector('select').value !== ''");
      browser.type("#prompt", "hello");
      browser.press("Enter");
      browser.await("document.querySelector('.said')?.dataset.state === 'done'");
      assertThat(browser.text(".said .markdown"))
          .contains(
              "<img src=x onerror=\"window.harm = 1\">",
              "<script>window.harm = 1</script>",
              "<svg/onload=window.harm=1>",
              "[one](javascript:window.harm=1)",
              "[two](data:text/html,x)",
              "<b>code</b>",
              "<i>2</i>");
      assertThat(
              browser
                  .value("[...document.querySelectorAll('.markdown a')].map(a => a.href).join()")
                  .stringValue())
          .isEqualTo("https://example.org/?a=1&b=2");
      assertThat(
              browser
                  .value(
                      "document.querySelectorAll('.markdown :is(img, script, svg, i, b)').length")
                  .intValue())
          .isZero();
      assertThat(
              browser
                  .value("document.querySelectorAll('.markdown table strong').length")
                  .intValue())
          .isEqualTo(1);
      assertThat(browser.value("window.harm === undefined").booleanValue()).isTrue();
      assertThat(browser.violations()).isEmpty();
      browser.picture("answer-that-means-harm");
    }
  }
}
