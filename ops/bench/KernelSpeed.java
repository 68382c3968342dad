import io.sampo.engines.llamacpp.jni.NativeContext;
import io.sampo.engines.llamacpp.jni.NativeModel;
import io.sampo.engines.llamacpp.jni.NativeSampler;
import io.sampo.engines.spi.KernelStats;
import io.sampo.engines.spi.Sampling;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Steps of one model with llama.cpp's kernels and with our own, both loaded in this process.
 *
 * <p>Arguments: the model's file and the number of threads. Each line of standard input is {@code
 * KERNELS CASE}; the answer is one line with the seconds that the case took. Kernels are off, auto
 * or a variant's name; a case is {@code prefill N} or {@code decode SEQUENCES CONTEXT STEPS}.
 */
class KernelSpeed {

  private static final int F16 = 1;
  private static final int CELLS = 16 * 640;

  private final NativeModel model;
  private final NativeContext context;
  private final NativeSampler sampler;

  KernelSpeed(Path file, String kernels, int threads) {
    model = NativeModel.load(file, kernels, 0);
    context =
        new NativeContext(
            model, new NativeContext.Settings(CELLS, 16, 512, 512, 0, threads, F16, 1, true));
    sampler = new NativeSampler(model, Sampling.GREEDY, new int[0], 0, 0, 0);
    // As the engine does between its first steps.
    prefill(16);
    while (context.collapseNext()) {}
  }

  private void forgetAll() {
    for (int sequence = 0; sequence < 16; sequence++) {
      context.forget(sequence, 0);
    }
  }

  private void step() {
    if (context.step() != NativeContext.Outcome.DONE) {
      throw new IllegalStateException("a step did not end");
    }
  }

  private double prefill(int tokens) {
    forgetAll();
    long begin = System.nanoTime();
    context.clear();
    for (int i = 0; i < tokens - 1; i++) {
      context.add(1000 + i * 37, i, 0);
    }
    context.addAndChoose(7, tokens - 1, 0, sampler, 0);
    step();
    return (System.nanoTime() - begin) / 1e9;
  }

  private double decode(int sequences, int length, int steps) {
    prefill(length);
    for (int sequence = 1; sequence < sequences; sequence++) {
      context.share(0, sequence, length);
    }
    long begin = System.nanoTime();
    for (int i = 0; i < steps; i++) {
      context.clear();
      for (int sequence = 0; sequence < sequences; sequence++) {
        context.addAndChoose(2000 + i * 91 + sequence, length + i, sequence, sampler, i);
      }
      step();
    }
    return (System.nanoTime() - begin) / 1e9;
  }

  private double run(String[] words) {
    return words[1].equals("prefill")
        ? prefill(Integer.parseInt(words[2]))
        : decode(
            Integer.parseInt(words[2]), Integer.parseInt(words[3]), Integer.parseInt(words[4]));
  }

  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    int threads = Integer.parseInt(arguments[1]);
    Map<String, KernelSpeed> loaded = new TreeMap<>();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ");
      if (words[1].equals("load")) {
        long begin = System.nanoTime();
        loaded.put(words[0], new KernelSpeed(file, words[0], threads));
        KernelStats taken = loaded.get(words[0]).model.kernels();
        System.out.printf(
            "%.4f %s %d %d%n",
            (System.nanoTime() - begin) / 1e9,
            taken.matrices() == 0 ? "none" : taken.variant(),
            taken.fileBytes(),
            taken.packedBytes());
      } else {
        System.out.printf("%.6f%n", loaded.get(words[0]).run(words));
      }
      System.out.flush();
    }
  }
}
