package io.sampo.cluster.cli;

import io.sampo.engines.modelstore.gguf.GgufSummary;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model that is on this machine.
 *
 * @param name what clients call it
 * @param file its file; names nothing for an engine that needs none
 * @param source what other nodes find its file by: as it was written, but a path is made absolute
 * @param summary what its file says; empty where there is no file
 */
record LocalModel(String name, Path file, String source, Optional<GgufSummary> summary) {

  /** What an engine that needs no file is given: a simulated model, described by a file or not. */
  static LocalModel simulated(Optional<String> described) {
    Path file = Path.of(described.orElse("simulated"));
    String name = file.getFileName().toString().replaceFirst("\\.properties$", "");
    return new LocalModel(name, file, file.toString(), Optional.empty());
  }

  /** Whether conversations have a format of the model's own. */
  boolean chats() {
    return summary.map(GgufSummary::hasChatTemplate).orElse(true);
  }
}
