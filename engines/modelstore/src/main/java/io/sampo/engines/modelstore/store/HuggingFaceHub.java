package io.sampo.engines.modelstore.store;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.download.HttpSource;
import io.sampo.engines.modelstore.download.RemoteFile;
import io.sampo.engines.modelstore.store.ModelReference.HuggingFace;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Finds the files of a model in a repository through Hugging Face's HTTP interface. */
final class HuggingFaceHub {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int MAX_DOCUMENT_BYTES = 8 << 20;
  private static final int MAX_PAGES = 20;
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"next\"");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private final HttpSource source;
  private final URI endpoint;

  HuggingFaceHub(HttpSource source, URI endpoint) {
    this.source = source;
    this.endpoint = endpoint;
  }

  /**
   * The files to fetch for a reference: one, or all of a split model in order.
   *
   * @throws ModelStoreException NOT_FOUND with what there is instead
   */
  List<RemoteFile> files(HuggingFace reference) throws IOException, InterruptedException {
    List<RepositoryFile> there = list(reference.repository());
    return RepositoryFile.choose(reference, there).stream()
        .map(file -> remote(reference.repository(), file))
        .toList();
  }

  private List<RepositoryFile> list(String repository) throws IOException, InterruptedException {
    List<RepositoryFile> entries = new ArrayList<>();
    URI page = address("/api/models/" + repository + "/tree/main?recursive=true");
    for (int i = 0; i < MAX_PAGES && page != null; i++) {
      List<HttpHeaders> headers = new ArrayList<>();
      entries.addAll(parse(repository, source.document(page, MAX_DOCUMENT_BYTES, headers)));
      page = next(page, headers.getLast());
    }
    return entries;
  }

  private static @Nullable URI next(URI page, HttpHeaders headers) {
    Matcher next = NEXT.matcher(headers.firstValue("link").orElse(""));
    return next.find() ? page.resolve(next.group(1)) : null;
  }

  private static List<RepositoryFile> parse(String repository, byte[] document)
      throws ModelStoreException {
    try {
      List<RepositoryFile> entries = new ArrayList<>();
      for (JsonNode node : JSON.readTree(document)) {
        if (node.path("type").asString("").equals("file")) {
          entries.add(entry(node));
        }
      }
      return entries;
    } catch (JacksonException broken) {
      throw new ModelStoreException(
          Kind.SOURCE_INVALID, "the list of files of " + repository + " is not valid JSON", broken);
    }
  }

  private static RepositoryFile entry(JsonNode node) {
    String oid = node.path("lfs").path("oid").asString("").replace("sha256:", "");
    long bytes = node.path("lfs").path("size").asLong(node.path("size").asLong(-1));
    return new RepositoryFile(
        node.path("path").asString(""), bytes, SHA256.matcher(oid).matches() ? oid : null);
  }

  private RemoteFile remote(String repository, RepositoryFile entry) {
    String path =
        Arrays.stream(entry.path().split("/"))
            .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
            .collect(Collectors.joining("/"));
    String label = entry.path().substring(entry.path().lastIndexOf('/') + 1);
    return new RemoteFile(
        label, address("/" + repository + "/resolve/main/" + path), entry.bytes(), entry.sha256());
  }

  private URI address(String path) {
    String base = endpoint.toString();
    return URI.create((base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path);
  }
}
