package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The engines of a test, which are closed after it, and the sequences that they are given. */
final class TestEngines implements AfterEachCallback {

  /** Of tokens: more than any answer has. */
  static final int NEVER = Integer.MAX_VALUE;

  private final Sampling sampling;
  private final List<Engine> engines = new ArrayList<>();
  private long ids;

  /**
   * @param sampling of all sequences for which none is named
   */
  TestEngines(Sampling sampling) {
    this.sampling = sampling;
  }

  /** Likeliest token, with the log probabilities of so many; the model may not end. */
  static Sampling greedy(int topLogprobs) {
    return new Sampling(
        0f, 0, 1f, 0f, 1f, 1f, 0, 0f, 0f, 0, 0, new int[0], new float[0], true, topLogprobs, null);
  }

  Engine load(Path model, EngineSettings settings) {
    Engine engine = new LlamaCppProvider().load(model, settings);
    engines.add(engine);
    return engine;
  }

  SequenceId submit(Engine to, int[] prompt, int max, int limit, Recorder heard) {
    return submit(to, prompt, max, limit, sampling, Priority.NORMAL, heard);
  }

  SequenceId submit(
      Engine to, int[] prompt, int max, int limit, Sampling by, int priority, Recorder heard) {
    SequenceId id = new SequenceId(++ids);
    to.submit(new SequenceRequest(id, prompt, 0, max, limit, by, priority, null), heard);
    return id;
  }

  /** The whole answer. */
  Recorder run(Engine on, int[] prompt, int max) throws InterruptedException {
    return run(on, prompt, max, sampling, Priority.NORMAL);
  }

  Recorder run(Engine on, int[] prompt, int max, Sampling by, int priority)
      throws InterruptedException {
    Recorder heard = new Recorder(0);
    submit(on, prompt, max, NEVER, by, priority, heard);
    return heard.awaitEnd();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    engines.forEach(Engine::close);
  }
}
