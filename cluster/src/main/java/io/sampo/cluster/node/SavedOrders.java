package io.sampo.cluster.node;

import io.sampo.actors.placement.Desired;
import io.sampo.actors.placement.Desired.Drained;
import io.sampo.actors.placement.Desired.Kind;
import io.sampo.actors.placement.Desired.Target;
import io.sampo.actors.replica.ModelSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * What operators want otherwise than the configuration says, in a file of this gateway that the
 * next start finds: numbers of replicas, models that were loaded, and drains of replicas and
 * models. The drain of a node ends with its process and is not kept. Safe for many threads.
 */
final class SavedOrders {

  private static final Logger LOG = LoggerFactory.getLogger(SavedOrders.class);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Waits for disks. */
  private static final Executor DISKS = task -> Thread.ofVirtual().name("orders").start(task);

  private static final int VERSION = 1;
  private static final int MOST_BYTES = 256 << 10;
  private static final int MOST_ENTRIES = 1000;
  private static final int MOST_NAME_CHARS = 512;
  private static final long MOST_GRACE_MILLIS = 86_400_000;

  /**
   * A number of replicas.
   *
   * @param configured what the configuration said then; where it says another number now, that
   *     counts
   */
  record Scaled(String model, int configured, int replicas) {

    Scaled {
      requireName(model);
      requireIn(configured, MOST_ENTRIES);
      requireIn(replicas, MOST_ENTRIES);
    }
  }

  /** A drain of a replica or a model. */
  record Drain(Kind kind, String name, long graceMillis) {

    Drain {
      requireName(name);
      requireIn(graceMillis, MOST_GRACE_MILLIS);
      if (kind != Kind.REPLICA && kind != Kind.MODEL) {
        throw new IllegalArgumentException("a drain of neither a replica nor a model");
      }
      if (kind == Kind.REPLICA && !name.matches(".+#\\d{1,6}")) {
        throw new IllegalArgumentException("no replica");
      }
    }
  }

  /**
   * What the file says.
   *
   * @param revision of the state that it was taken from
   */
  record Content(
      int version, long revision, List<Scaled> scaled, List<ModelSpec> loaded, List<Drain> drains) {

    Content {
      scaled = List.copyOf(scaled);
      loaded = List.copyOf(loaded);
      requireIn(loaded.size(), MOST_ENTRIES);
      loaded.forEach(SavedOrders::requireSound);
      drains = List.copyOf(drains);
      requireIn(scaled.size(), MOST_ENTRIES);
      requireIn(drains.size(), MOST_ENTRIES);
      requireIn(revision, Long.MAX_VALUE);
      if (version != VERSION) {
        throw new IllegalArgumentException("version " + version);
      }
    }

    boolean says(Content other) {
      return scaled.equals(other.scaled)
          && loaded.equals(other.loaded)
          && drains.equals(other.drains);
    }
  }

  private static final Content NOTHING = new Content(VERSION, 0, List.of(), List.of(), List.of());

  private final @Nullable Path file;
  private final List<ModelSpec> configured;
  private Content content;
  private Content written;
  private boolean writing;

  /**
   * Reads what an earlier run has left; a file that makes no sense is told in the log and is as
   * good as none.
   *
   * @param dataFolder null keeps nothing beyond this run
   * @param configured the models of the configuration
   */
  SavedOrders(@Nullable Path dataFolder, List<ModelSpec> configured) {
    this.file = dataFolder == null ? null : dataFolder.resolve("cluster").resolve("orders.json");
    this.configured = List.copyOf(configured);
    this.content = file != null && Files.exists(file) ? read(file) : NOTHING;
    this.written = content;
  }

  private static Content read(Path from) {
    try (InputStream in = Files.newInputStream(from)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new IOException("it is longer than " + MOST_BYTES + " bytes");
      }
      Content read = JSON.readValue(bytes, Content.class);
      if (read == null) {
        throw new IOException("it is empty");
      }
      return read;
    } catch (IOException | RuntimeException damaged) {
      LOG.error(
          "{} is damaged and what operators had ordered is lost; the configuration holds ({})",
          from,
          firstLine(damaged));
      return NOTHING;
    }
  }

  private static String firstLine(Exception damaged) {
    return String.valueOf(damaged.getMessage()).lines().findFirst().orElse("");
  }

  /** The configuration's state with what was ordered before. */
  synchronized Desired first() {
    List<ModelSpec> models = new ArrayList<>();
    for (ModelSpec spec : configured) {
      models.add(
          content.scaled().stream()
              .filter(one -> one.model().equals(spec.id().name()))
              .filter(one -> one.configured() == spec.replicas())
              .findFirst()
              .map(one -> spec.withReplicas(one.replicas()))
              .orElse(spec));
    }
    content.loaded().stream()
        .filter(spec -> configured.stream().noneMatch(one -> one.id().equals(spec.id())))
        .forEach(models::add);
    List<Drained> drains = new ArrayList<>();
    for (Drain drain : content.drains()) {
      Target target = new Target(drain.kind(), drain.name());
      drains.add(new Drained(target, drain.graceMillis(), false, "before"));
    }
    if (!content.says(NOTHING)) {
      LOG.info(
          "what operators had ordered holds again: {} {} {}",
          content.scaled(),
          content.loaded(),
          content.drains());
    }
    return new Desired(content.revision(), models, drains, List.of(), List.of());
  }

  /** Keeps what is wanted now; the file follows soon. */
  synchronized void keep(Desired desired) {
    content = content(desired);
    if (file != null && !writing && !content.says(written)) {
      writing = true;
      DISKS.execute(() -> write(file));
    }
  }

  private Content content(Desired desired) {
    List<Scaled> scaled = new ArrayList<>();
    for (ModelSpec spec : configured) {
      ModelSpec wanted = desired.model(spec.id());
      if (wanted != null && wanted.replicas() != spec.replicas()) {
        scaled.add(new Scaled(spec.id().name(), spec.replicas(), wanted.replicas()));
      }
    }
    List<ModelSpec> loaded =
        desired.models().stream()
            .filter(spec -> configured.stream().noneMatch(one -> one.id().equals(spec.id())))
            .toList();
    List<Drain> drains =
        desired.drains().stream()
            .filter(one -> one.target().kind() != Kind.NODE)
            .map(one -> new Drain(one.target().kind(), one.target().name(), one.graceMillis()))
            .toList();
    return new Content(VERSION, desired.revision(), scaled, loaded, drains);
  }

  private void write(Path to) {
    for (Content next = next(null); next != null; next = next(next)) {
      try {
        WholeFile.replace(to, JSON.writeValueAsBytes(next));
      } catch (IOException full) {
        LOG.error("{} cannot be written: the next start will not know of this order", to, full);
      }
    }
  }

  /** What is to be written now that this is; null where nothing is. */
  private synchronized @Nullable Content next(@Nullable Content done) {
    written = done == null ? written : done;
    writing = !content.says(written);
    return writing ? content : null;
  }

  private static void requireSound(ModelSpec spec) {
    requireName(spec.id().name());
    requireName(spec.engine());
    requireName(spec.source());
    requireIn(spec.replicas(), MOST_ENTRIES);
    Objects.requireNonNull(spec.settings());
  }

  private static void requireName(String name) {
    if (name.isBlank() || name.length() > MOST_NAME_CHARS) {
      throw new IllegalArgumentException("a name of " + name.length() + " characters");
    }
  }

  private static void requireIn(long number, long most) {
    if (number < 0 || number > most) {
      throw new IllegalArgumentException("the number " + number);
    }
  }
}
