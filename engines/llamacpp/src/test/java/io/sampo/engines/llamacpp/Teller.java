package io.sampo.engines.llamacpp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TextCodec;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An engine with its tokenizer, for tests that compare texts. */
final class Teller implements AutoCloseable {

  final Engine engine;
  private final TextCodec text;
  private long ids;

  /** With llama.cpp's own kernels, whose texts are llama-server's. */
  Teller(Path model, int sequences, boolean deterministic) {
    this(model, sequences, deterministic, 1, "off");
  }

  Teller(Path model, int sequences, boolean deterministic, int threads, String kernels) {
    engine =
        new LlamaCppProvider()
            .load(
                model,
                new EngineSettings(
                    0,
                    sequences,
                    threads,
                    0,
                    KvType.F16,
                    FlashAttention.AUTO,
                    deterministic,
                    Map.of("batch-tokens", "64", "kernels", kernels)));
    text = new LlamaCppProvider().openText(model);
  }

  void load(String name, Path file, float scale) throws Exception {
    engine
        .loadAdapter(new Adapter(name, file.toString(), scale))
        .toCompletableFuture()
        .get(30, TimeUnit.SECONDS);
  }

  int[] tokens(String prompt) {
    return text.tokenize(prompt, true, true);
  }

  /** Begins a greedy answer that does not end by itself. */
  SequenceId begin(int[] prompt, int max, @Nullable String adapter, Recorder heard) {
    SequenceId id = new SequenceId(++ids);
    engine.submit(
        new SequenceRequest(
            id,
            prompt,
            heard.firstIndex(),
            max,
            max,
            TestEngines.greedy(-1),
            Priority.NORMAL,
            adapter),
        heard);
    return id;
  }

  Recorder tell(String prompt, int max, @Nullable String adapter) throws InterruptedException {
    Recorder heard = new Recorder(0);
    begin(tokens(prompt), max, adapter, heard);
    return heard.awaitEnd();
  }

  String text(Recorder heard) {
    return text(heard.tokens());
  }

  private String text(List<Integer> ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ids.forEach(id -> bytes.writeBytes(text.piece(id, false)));
    return bytes.toString(UTF_8);
  }

  @Override
  public void close() {
    text.close();
    engine.close();
  }
}
