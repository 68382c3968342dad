package io.sampo.cluster.cli.doctor;

import io.sampo.cluster.membership.Seed;
import io.sampo.cluster.node.Memory;
import io.sampo.engines.modelstore.download.Sizes;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.KernelOffer;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * Looks at one machine.
 *
 * @param ports what a node would listen on
 * @param dataFolder the data folder; need not exist
 * @param natives the distribution's folder of native libraries
 * @param fromClone whether this Sampo was built from a clone, which needs build tools
 * @param damagedModels what is wrong with stored models, by name
 * @param neighbours the cluster that is looked at too
 */
public record Doctor(
    List<Port> ports,
    Path dataFolder,
    Path natives,
    boolean fromClone,
    Map<String, String> damagedModels,
    Neighbours neighbours) {

  private static final long LITTLE_SPACE_BYTES = 2_000_000_000L;

  /**
   * A port that a node would listen on.
   *
   * @param flag its name
   */
  public record Port(String flag, String host, int number) {}

  /**
   * A cluster, as far as it is to be looked at.
   *
   * @param join nodes that are to be there
   * @param admin the listener for operators of one of its nodes, or null
   * @param version the version of this Sampo
   */
  public record Neighbours(List<Seed> join, @Nullable AdminView admin, String version) {}

  /** Every check, in the order to read. */
  public List<Check> examine() {
    List<Check> checks = new ArrayList<>();
    checks.add(MachineChecks.java());
    checks.add(MachineChecks.memory(Memory.now()));
    checks.add(LimitChecks.limits(Path.of("/")));
    checks.add(MachineChecks.processor());
    checks.add(MachineChecks.gpu(natives));
    checks.add(engineLibrary());
    kernels().ifPresent(checks::add);
    checks.add(space());
    checks.add(models());
    ports.forEach(port -> checks.add(MachineChecks.port(port.flag(), port.host(), port.number())));
    checks.add(LimitChecks.clock(Instant.now()));
    checks.add(LimitChecks.names());
    if (fromClone) {
      checks.add(MachineChecks.tool("mvn", "install Maven 3.8 or later"));
      checks.add(MachineChecks.tool("npm", "install Node.js, which brings it"));
      checks.add(MachineChecks.tool("node", "install Node.js 20.19, 22.12 or newer"));
      checks.add(MachineChecks.tool("g++", "install it, for example 'apt install g++'"));
    } else {
      checks.add(MachineChecks.npmOfTheDefaultModel());
    }
    neighbours.join().forEach(seed -> checks.add(ClusterChecks.join(seed)));
    if (neighbours.admin() != null) {
      checks.addAll(ClusterChecks.nodes(neighbours.admin(), neighbours.version()));
    }
    return checks;
  }

  /** Loads the engine's library as the node would; what it needs of the system must be there. */
  @SuppressWarnings("restricted")
  private Check engineLibrary() {
    Path library = natives.resolve(System.mapLibraryName("sampo_llama"));
    try {
      System.load(library.toAbsolutePath().toString());
      return Check.ok("llama.cpp", library + " loads");
    } catch (UnsatisfiedLinkError e) {
      String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      return Check.fail(
          "llama.cpp", reason, "build again, or unpack the distribution for this platform");
    }
  }

  /** Which of the engine's own CPU kernels run here; nothing where its library does not load. */
  private static Optional<Check> kernels() {
    for (EngineProvider provider : ServiceLoader.load(EngineProvider.class)) {
      try {
        KernelOffer offer = provider.kernels();
        if (!offer.variants().isEmpty()) {
          return Optional.of(Check.ok("kernels", String.join(", ", offer.variants())));
        }
        if (!offer.trouble().isEmpty()) {
          return Optional.of(Check.ok("kernels", "llama.cpp's alone: " + offer.trouble()));
        }
      } catch (EngineException unavailable) {
        // The check of the library says so already.
      }
    }
    return Optional.empty();
  }

  private Check space() {
    Path existing = firstExisting(dataFolder);
    if (!Files.isDirectory(existing)) {
      return Check.fail("data folder", existing + " is no folder", "set SAMPO_HOME to another");
    }
    if (!Files.isWritable(existing)) {
      return Check.fail(
          "data folder", existing + " cannot be written", "set SAMPO_HOME to another");
    }
    try {
      FileStore store = Files.getFileStore(existing);
      String found = dataFolder + ", " + Sizes.text(store.getUsableSpace()) + " free";
      return store.getUsableSpace() >= LITTLE_SPACE_BYTES
          ? Check.ok("data folder", found)
          : Check.warn("data folder", found, "'sampo rm MODEL' makes room, SAMPO_HOME moves it");
    } catch (IOException e) {
      return Check.fail("data folder", String.valueOf(e.getMessage()), "set SAMPO_HOME to another");
    }
  }

  private Check models() {
    if (damagedModels.isEmpty()) {
      return Check.ok("models", "nothing wrong with the stored ones");
    }
    String first = damagedModels.keySet().iterator().next();
    return Check.fail(
        "models",
        damagedModels.toString(),
        "'sampo rm " + first + "', then 'sampo pull " + first + "'");
  }

  private static Path firstExisting(Path folder) {
    @Nullable Path at = folder.toAbsolutePath();
    while (at != null && !Files.exists(at)) {
      at = at.getParent();
    }
    return at == null ? Path.of("/") : at;
  }
}
