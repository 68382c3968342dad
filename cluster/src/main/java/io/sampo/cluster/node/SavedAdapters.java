package io.sampo.cluster.node;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.spi.Adapter;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The adapters of a model that were loaded over HTTP, in a file that the next start finds. The file
 * is replaced as a whole, so a crash leaves the old one or the new one. Safe for many threads.
 */
final class SavedAdapters {

  private static final Logger LOG = LoggerFactory.getLogger(SavedAdapters.class);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** More than any list of adapters that an engine takes. */
  private static final int MOST_BYTES = 1 << 20;

  private record Content(String model, List<Adapter> adapters) {

    Content {
      adapters = List.copyOf(adapters);
      for (Adapter adapter : adapters) {
        Objects.requireNonNull(adapter.file());
      }
    }
  }

  private final String model;
  private final @Nullable Path file;
  private final Map<String, Adapter> adapters = new LinkedHashMap<>();

  /**
   * Reads what an earlier run has left; a file that cannot be read is told in the log and is as
   * good as none.
   *
   * @param dataFolder null keeps nothing beyond this run
   */
  SavedAdapters(@Nullable Path dataFolder, String model) {
    this.model = model;
    this.file =
        dataFolder == null
            ? null
            : dataFolder.resolve("adapters").resolve(URLEncoder.encode(model, UTF_8) + ".json");
    if (file != null && Files.exists(file)) {
      read(file);
    }
  }

  private void read(Path from) {
    try (InputStream in = Files.newInputStream(from)) {
      Content content = JSON.readValue(in.readNBytes(MOST_BYTES), Content.class);
      Objects.requireNonNull(content).adapters.forEach(each -> adapters.put(each.name(), each));
    } catch (IOException | JacksonException | NullPointerException unreadable) {
      LOG.error("the list of adapters in {} cannot be read and counts as empty", from, unreadable);
    }
  }

  /** All of them, in the order they were loaded in. */
  synchronized List<Adapter> all() {
    return List.copyOf(adapters.values());
  }

  synchronized void put(Adapter adapter) {
    adapters.put(adapter.name(), adapter);
    write();
  }

  /** False when there was none of this name. */
  synchronized boolean remove(String name) {
    boolean known = adapters.remove(name) != null;
    if (known) {
      write();
    }
    return known;
  }

  private void write() {
    if (file == null) {
      return;
    }
    try {
      WholeFile.replace(file, JSON.writeValueAsBytes(new Content(model, all())));
    } catch (IOException full) {
      LOG.error("{} cannot be written: the next start will not know of this change", file, full);
    }
  }
}
