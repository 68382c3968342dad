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
import java.util.Locale;
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
  private static final Pattern SHARD = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private record Entry(String path, long bytes, @Nullable String sha256) {}

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
    List<Entry> models =
        list(reference.repository()).stream().filter(HuggingFaceHub::isModel).toList();
    if (models.isEmpty()) {
      throw new ModelStoreException(
          Kind.NOT_FOUND,
          reference.repository()
              + " has no GGUF file: look for a repository with GGUF in its name");
    }
    Entry chosen = choose(reference, models);
    return shardsOf(chosen, models).stream().map(e -> remote(reference.repository(), e)).toList();
  }

  private List<Entry> list(String repository) throws IOException, InterruptedException {
    List<Entry> entries = new ArrayList<>();
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

  private static List<Entry> parse(String repository, byte[] document) throws ModelStoreException {
    try {
      List<Entry> entries = new ArrayList<>();
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

  private static Entry entry(JsonNode node) {
    String oid = node.path("lfs").path("oid").asString("").replace("sha256:", "");
    long bytes = node.path("lfs").path("size").asLong(node.path("size").asLong(-1));
    return new Entry(
        node.path("path").asString(""), bytes, SHA256.matcher(oid).matches() ? oid : null);
  }

  private static boolean isModel(Entry entry) {
    String name = lower(entry.path());
    return name.endsWith(".gguf") && !name.contains("mmproj") && !name.contains("imatrix");
  }

  private static Entry choose(HuggingFace reference, List<Entry> models)
      throws ModelStoreException {
    String file = reference.file();
    if (file != null) {
      return models.stream()
          .filter(e -> e.path().equals(file))
          .findFirst()
          .orElseThrow(() -> missing(reference, file, models));
    }
    String quantization = reference.quantization();
    if (quantization != null) {
      Entry found = withQuantization(models, quantization);
      if (found == null) {
        throw missing(reference, quantization, models);
      }
      return found;
    }
    Entry usual = withQuantization(models, "Q4_K_M");
    return usual == null ? models.getFirst() : usual;
  }

  /** The first file in whose path the quantization stands as a word of its own. */
  private static @Nullable Entry withQuantization(List<Entry> models, String quantization) {
    Pattern word =
        Pattern.compile("(?<![a-z0-9_])" + Pattern.quote(lower(quantization)) + "(?![a-z0-9_])");
    return models.stream()
        .filter(entry -> word.matcher(lower(entry.path())).find())
        .findFirst()
        .orElse(null);
  }

  private static List<Entry> shardsOf(Entry chosen, List<Entry> models) throws ModelStoreException {
    Matcher shard = SHARD.matcher(chosen.path());
    if (!shard.matches()) {
      return List.of(chosen);
    }
    int count = Integer.parseInt(shard.group(3));
    List<Entry> shards = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      String path = "%s-%05d-of-%05d.gguf".formatted(shard.group(1), i, count);
      shards.add(
          models.stream()
              .filter(e -> e.path().equals(path))
              .findFirst()
              .orElseThrow(
                  () -> new ModelStoreException(Kind.NOT_FOUND, path + " is missing there")));
    }
    return shards;
  }

  private RemoteFile remote(String repository, Entry entry) {
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

  private static ModelStoreException missing(
      HuggingFace reference, String wanted, List<Entry> models) {
    String there = models.stream().limit(12).map(Entry::path).collect(Collectors.joining(", "));
    return new ModelStoreException(
        Kind.NOT_FOUND, reference.repository() + " has no " + wanted + "; it has " + there);
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
