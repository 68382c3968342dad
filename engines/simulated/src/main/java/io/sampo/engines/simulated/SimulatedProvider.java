package io.sampo.engines.simulated;

import io.sampo.engines.simulated.model.SimulatedText;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.TextCodec;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/**
 * Makes simulated engines. No model file is needed and any path is taken; one that names an
 * existing {@code .properties} file is read as a simulated model: options, over which those of the
 * settings win. That is how a model comes to have a chat template, which belongs to its text and
 * not to its engine.
 */
public final class SimulatedProvider implements EngineProvider {

  @Override
  public String name() {
    return SimulatedPlan.NAME;
  }

  @Override
  public boolean simulated() {
    return true;
  }

  @Override
  public TextCodec openText(Path model) {
    return new SimulatedText(SimulatedOptions.from(optionsOf(model)).chatMl());
  }

  @Override
  public LoadPlan plan(Path model, EngineSettings settings) {
    return SimulatedPlan.of(merged(model, settings)).loadPlan();
  }

  @Override
  public Engine load(Path model, EngineSettings settings) {
    return SimulatedEngine.load(merged(model, settings), StepTime.real());
  }

  private static EngineSettings merged(Path model, EngineSettings settings) {
    Map<String, String> options = optionsOf(model);
    options.putAll(settings.options());
    return new EngineSettings(
        settings.contextTokens(),
        settings.maxSequences(),
        settings.threads(),
        settings.gpuLayers(),
        settings.kvType(),
        settings.flashAttention(),
        settings.deterministic(),
        options);
  }

  private static Map<String, String> optionsOf(Path model) {
    Map<String, String> options = new HashMap<>();
    if (model.toString().endsWith(".properties") && Files.isRegularFile(model)) {
      Properties properties = new Properties();
      try (Reader reader = Files.newBufferedReader(model)) {
        properties.load(reader);
      } catch (IOException | IllegalArgumentException e) {
        throw new EngineException(
            EngineException.Kind.MODEL_REJECTED, model + " is not a readable properties file.", e);
      }
      properties
          .stringPropertyNames()
          .forEach(name -> options.put(name, properties.getProperty(name)));
    }
    return options;
  }
}
