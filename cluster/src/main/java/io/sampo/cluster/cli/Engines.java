package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Given;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.engines.spi.EngineProvider;
import java.util.List;
import java.util.ServiceLoader;

/** The engines of this distribution. */
final class Engines {

  private Engines() {}

  /** The engine of a name; one that is not there is refused where the name was written. */
  static EngineProvider named(String name, Layers layers) {
    List<EngineProvider> present =
        ServiceLoader.load(EngineProvider.class).stream().map(ServiceLoader.Provider::get).toList();
    return present.stream()
        .filter(engine -> engine.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                layers
                    .find(Flags.ENGINE)
                    .orElseGet(() -> new Given(name, name))
                    .refused("no such engine; there are " + names(present)));
  }

  private static String names(List<EngineProvider> present) {
    return String.join(", ", present.stream().map(EngineProvider::name).sorted().toList());
  }
}
