package io.sampo.cluster.gateway;

import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.http.Scope;
import io.sampo.ops.web.PageFile;
import io.sampo.ops.web.WebPage;
import java.util.List;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * The web page at {@code /} and its files. They need no key, because they hold nothing but what
 * everybody may know of Sampo; what the page then asks needs one like anything else.
 *
 * <p>A browser runs and loads nothing that is not a file of the page, and shows it in no frame.
 */
final class PageRoutes {

  private static final int NOT_MODIFIED = 304;
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";
  private static final List<HttpHeader> GUARDS =
      List.of(
          RawHeader.create("content-security-policy", POLICY),
          RawHeader.create("x-content-type-options", "nosniff"),
          RawHeader.create("x-frame-options", "DENY"),
          RawHeader.create("referrer-policy", "no-referrer"),
          RawHeader.create("cross-origin-opener-policy", "same-origin"),
          RawHeader.create("cross-origin-resource-policy", "same-origin"));
  private static final HttpHeader ALWAYS = RawHeader.create("cache-control", "no-cache");
  private static final HttpHeader NEVER_AGAIN =
      RawHeader.create("cache-control", "public, max-age=31536000, immutable");

  private final List<PageFile> files;

  PageRoutes(PageFile.Door door) {
    files = WebPage.files(door);
  }

  List<Route> routes() {
    return files.stream()
        .map(file -> Route.get(file.path(), Scope.NONE, exchange -> answer(file, exchange)))
        .toList();
  }

  private static HttpResponse answer(PageFile file, Exchange exchange) {
    String tag = "\"" + file.tag() + "\"";
    HttpResponse head =
        HttpResponse.create()
            .addHeaders(GUARDS)
            .addHeader(RawHeader.create("etag", tag))
            .addHeader(file.lasting() ? NEVER_AGAIN : ALWAYS);
    boolean has = exchange.header("if-none-match").filter(known -> known.contains(tag)).isPresent();
    return has
        ? head.withStatus(NOT_MODIFIED)
        : head.withEntity(HttpEntities.create(ContentTypes.parse(file.mediaType()), file.bytes()));
  }
}
