package io.sampo.cluster.cli.settings;

import io.sampo.engines.spi.Adapter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The adapters that a model is served with from the start, and the folder that more come from. */
final class AdapterFlags {

  private static final String RULE =
      "expected NAME=FILE or NAME=FILE:SCALE, or several of them parted by commas";

  private AdapterFlags() {}

  static List<Adapter> adapters(Layers layers) {
    List<Adapter> adapters = new ArrayList<>();
    layers
        .find(Flags.LORA)
        .ifPresent(
            given -> {
              for (String entry : given.text().split(",", -1)) {
                Adapter adapter = adapter(given, entry.strip());
                if (adapters.stream().anyMatch(one -> one.name().equals(adapter.name()))) {
                  throw given.refused("names " + adapter.name() + " twice");
                }
                adapters.add(adapter);
              }
            });
    return adapters;
  }

  private static Adapter adapter(Given given, String entry) {
    int equals = entry.indexOf('=');
    String name = equals < 0 ? "" : entry.substring(0, equals).strip();
    if (!Adapter.named(name)) {
      throw given.refused(equals < 0 ? RULE : "the name " + Adapter.NAME_RULE);
    }
    String place = entry.substring(equals + 1).strip();
    int colon = place.lastIndexOf(':');
    Float scale = colon < 0 ? null : scale(place.substring(colon + 1));
    if (scale != null && !Adapter.scaled(scale)) {
      throw given.refused("the scale " + Adapter.SCALE_RULE);
    }
    String path = scale == null ? place : place.substring(0, colon);
    Path file = Path.of(Layers.expandHome(path)).toAbsolutePath();
    if (path.isEmpty() || !Files.isRegularFile(file)) {
      throw given.refused("there is no file '" + path + "'");
    }
    return new Adapter(name, file.toString(), scale == null ? 1 : scale);
  }

  private static @Nullable Float scale(String text) {
    try {
      return Float.valueOf(text);
    } catch (NumberFormatException notANumber) {
      return null;
    }
  }

  static @Nullable Path folder(Layers layers) {
    Path folder = layers.path(Flags.LORA_DIR).map(Path::toAbsolutePath).orElse(null);
    if (folder != null && !Files.isDirectory(folder)) {
      throw layers.find(Flags.LORA_DIR).orElseThrow().refused("there is no such folder");
    }
    return folder;
  }
}
