package io.sampo.cluster.cli.doctor;

import io.sampo.cluster.node.Memory;
import io.sampo.engines.modelstore.download.Sizes;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Java, memory, processor, GPU and ports. */
final class MachineChecks {

  private static final long LITTLE_MEMORY_BYTES = 1_000_000_000L;

  private MachineChecks() {}

  static Check java() {
    String found = Runtime.version() + " in " + System.getProperty("java.home");
    return Runtime.version().feature() == 25
        ? Check.ok("java", found)
        : Check.fail("java", found, "start with bin/sampo, which finds a JDK 25");
  }

  static Check memory(Memory memory) {
    String found =
        Sizes.text(memory.availableBytes())
            + " of "
            + Sizes.text(memory.totalBytes())
            + " available"
            + (memory.limited() ? " (the container's limit)" : "");
    return memory.availableBytes() >= LITTLE_MEMORY_BYTES
        ? Check.ok("memory", found)
        : Check.warn(
            "memory", found, "only small models fit; end other programs or raise the limit");
  }

  static Check processor() {
    int cores = Runtime.getRuntime().availableProcessors();
    Set<String> known = cpuFlags();
    String wide =
        Stream.of("avx512f", "avx512_vnni", "avx_vnni", "avx2", "asimddp", "asimd")
            .filter(known::contains)
            .collect(Collectors.joining(" "));
    String found = cores + " cores " + (wide.isEmpty() ? "" : "(" + wide + ")");
    boolean slow = known.contains("sse2") && !known.contains("avx2");
    return slow
        ? Check.warn("processor", found, "without AVX2 decoding is several times slower")
        : Check.ok("processor", found.strip());
  }

  /**
   * @param natives the folder of native libraries
   */
  static Check gpu(Path natives) {
    boolean nvidia = Files.exists(Path.of("/dev/nvidia0"));
    boolean amd = Files.exists(Path.of("/dev/kfd"));
    if (!nvidia && !amd) {
      return Check.ok("gpu", "none; models run on the processor");
    }
    String found = nvidia ? "an NVIDIA device" : "an AMD device";
    return holds(natives, nvidia ? "cuda" : "vulkan")
        ? Check.ok("gpu", found)
        : Check.warn(
            "gpu",
            found + ", and libraries for the processor only",
            "build with -Dllama.cpp.variant=" + (nvidia ? "cuda" : "vulkan"));
  }

  static Check port(String name, String host, int port) {
    if (port == 0) {
      return Check.ok(name, "any free one");
    }
    String found = host + ":" + port;
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
      return Check.ok(name, found + " is free");
    } catch (IOException e) {
      return Check.fail(
          name, found + ": " + e.getMessage(), "end what uses it or give --" + name + " N");
    }
  }

  /** A program that a build from a clone needs. */
  static Check tool(String program, String advice) {
    return find(program)
        .map(file -> Check.ok(program, file.toString()))
        .orElseGet(() -> Check.fail(program, "not found; building from a clone needs it", advice));
  }

  static Check npmOfTheDefaultModel() {
    return find("npm")
        .map(file -> Check.ok("npm", file.toString()))
        .orElseGet(
            () ->
                Check.warn(
                    "npm",
                    "not found; only the default model is fetched with it",
                    "install Node.js, which brings it, or serve another model"));
  }

  private static Optional<Path> find(String program) {
    String path = System.getenv().getOrDefault("PATH", "");
    return Arrays.stream(path.split(File.pathSeparator))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static boolean holds(Path folder, String part) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> file.getFileName().toString().contains(part));
    } catch (IOException e) {
      return false;
    }
  }

  private static Set<String> cpuFlags() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
          .findFirst()
          .map(
              line -> Set.copyOf(List.of(line.substring(line.indexOf(':') + 1).strip().split(" "))))
          .orElse(Set.of());
    } catch (IOException e) {
      return Set.of();
    }
  }
}
