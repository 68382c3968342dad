package io.sampo.engines.llamacpp.jni;

import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.TokenLogprobs;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The native state of all sequences of an engine and the step that advances them. A step's rows are
 * written straight into native memory and its results read from there, so a step is one native call
 * and allocates nothing. Used by one thread, except for {@link #interrupt}.
 */
public final class NativeContext implements AutoCloseable {

  /** How a step ended. */
  public enum Outcome {
    /** All rows are computed and all tokens chosen. */
    DONE,
    /** There was no room for the rows' KV; the pass that needed it has changed nothing. */
    NO_ROOM,
    /** {@link #interrupt} was called; the sequences' state is undefined. */
    INTERRUPTED
  }

  /**
   * How a context is made.
   *
   * @param cells tokens whose KV fits, of all sequences together
   * @param batchTokens most rows of a step
   * @param ubatchTokens rows of one pass over the weights
   * @param draftedTokens most drafted tokens of a step
   * @param kvType ggml's number of the number format
   * @param flashAttention -1 llama.cpp chooses, 0 off, 1 on
   * @param unified one pool of cells for all sequences instead of one part for each
   */
  public record Settings(
      int cells,
      int maxSequences,
      int batchTokens,
      int ubatchTokens,
      int draftedTokens,
      int threads,
      int kvType,
      int flashAttention,
      boolean unified) {}

  /**
   * How many sequences one pool of cells can tell apart. The maximum of the settings is about those
   * that a step may choose tokens for; the others only hold cells.
   */
  public static final int MAX_SEQUENCES = 256;

  /** {@link #chosen} after a drafted token that is not what was chosen before it. */
  public static final int NOT_CHOSEN = -2;

  private static final int MAX_TOP_LOGPROBS = 20;

  private final IntBuffer tokens;
  private final IntBuffer positions;
  private final IntBuffer sequences;
  private final LongBuffer samplers;
  private final IntBuffer indexes;
  private final IntBuffer chosen;
  private final FloatBuffer logprobs;
  private final IntBuffer topIds;
  private final FloatBuffer topLogprobs;
  private final NativeHandle handle;
  private int rows;
  private int split;

  /**
   * @throws EngineException OUT_OF_MEMORY, or MODEL_REJECTED when the model cannot generate or the
   *     settings do not suit it
   */
  public NativeContext(NativeModel model, Settings settings) {
    this(model, settings, 0);
  }

  /**
   * As the other, with the threads of a context that never computes at the same time.
   *
   * @param beside made for as many threads
   */
  public NativeContext(NativeModel model, Settings settings, NativeContext beside) {
    this(model, settings, beside.handle());
  }

  private NativeContext(NativeModel model, Settings settings, long threadsOf) {
    try {
      long created =
          create(
              model.handle(),
              threadsOf,
              settings.cells,
              settings.maxSequences,
              settings.batchTokens,
              settings.ubatchTokens,
              settings.draftedTokens,
              settings.threads,
              settings.kvType,
              settings.flashAttention,
              settings.unified);
      handle = new NativeHandle("context", created, NativeContext::free);
    } finally {
      NativeLibrary.forwardLog();
    }
    NativeColumns columns = new NativeColumns(columns(handle.get()));
    tokens = columns.ints(0);
    positions = columns.ints(1);
    sequences = columns.ints(2);
    samplers = columns.longs(3);
    indexes = columns.ints(4);
    chosen = columns.ints(5);
    logprobs = columns.floats(6);
    topIds = columns.ints(7);
    topLogprobs = columns.floats(8);
  }

  /** Begins a step. */
  public void clear() {
    rows = 0;
    split = 0;
  }

  /** The rows so far are computed in a pass of their own, before those that follow. */
  public void endPass() {
    split = rows;
  }

  public int rows() {
    return rows;
  }

  /**
   * Adds a token to compute.
   *
   * @param token inside the vocabulary
   * @param position its place in the sequence, just after what the context holds of it
   */
  public void add(int token, int position, int sequence) {
    put(token, position, sequence);
    samplers.put(rows, 0);
    rows++;
  }

  /**
   * Adds a token to compute and to choose the next one after. A further one of the same sequence,
   * right behind it, is a drafted token: it counts only if it is the one that was chosen.
   *
   * @param index of the token to choose, in its answer
   */
  public void addAndChoose(
      int token, int position, int sequence, NativeSampler sampler, int index) {
    put(token, position, sequence);
    samplers.put(rows, sampler.handle());
    indexes.put(rows, index);
    rows++;
  }

  private void put(int token, int position, int sequence) {
    handle.requireOpen();
    tokens.put(rows, token);
    positions.put(rows, position);
    sequences.put(rows, sequence);
  }

  /**
   * Computes the rows and chooses tokens.
   *
   * @throws EngineException INTERNAL when native code fails; the context is then unusable
   */
  public Outcome step() {
    int code = step(handle.get(), rows, split);
    return switch (code) {
      case 0 -> Outcome.DONE;
      case 1 -> Outcome.NO_ROOM;
      case 2 -> Outcome.INTERRUPTED;
      default -> throw new EngineException(Kind.INTERNAL, "llama_decode gave code " + code);
    };
  }

  /**
   * The token chosen for the n-th row that asked for one; -1 when none was possible, {@link
   * #NOT_CHOSEN} when none was to be chosen.
   */
  public int chosen(int n) {
    return chosen.get(n);
  }

  /** The logarithm of its probability, when the sampler's settings ask for it. */
  public float logprob(int n) {
    return logprobs.get(n);
  }

  /** What was reported beside {@link #chosen}, when the sampler's settings ask for it. */
  public TokenLogprobs logprobs(int n, int top) {
    int[] ids = new int[top];
    float[] values = new float[top];
    topIds.get(n * MAX_TOP_LOGPROBS, ids);
    topLogprobs.get(n * MAX_TOP_LOGPROBS, values);
    return new TokenLogprobs(logprobs.get(n), ids, values);
  }

  /**
   * Forgets a sequence from a position on; 0 forgets all of it and always succeeds.
   *
   * @return false when the model's state cannot be cut there; nothing has changed then
   */
  public boolean forget(int sequence, int from) {
    return forget(handle.get(), sequence, from);
  }

  /**
   * Gives a sequence that holds nothing the first cells of another, without a copy. For contexts
   * with one pool of cells and models that can be cut anywhere.
   */
  public void share(int from, int to, int tokens) {
    share(handle.get(), from, to, tokens);
  }

  /**
   * Computes with an adapter from the next step on, or with the model alone. A change costs as much
   * as a few small steps. An adapter that is in use must not be closed.
   */
  public void use(@Nullable NativeAdapter adapter) {
    use(handle.get(), adapter == null ? 0 : adapter.handle());
  }

  /**
   * Puts a piece of the weights or the KV on a huge page, which makes steps faster; takes some
   * milliseconds.
   *
   * @return false when no more are left
   */
  public boolean collapseNext() {
    return collapseNext(handle.get());
  }

  /** Whether a sequence can be cut at any position; not so for recurrent models. */
  public boolean cutsAnywhere() {
    return cutsAnywhere(handle.get());
  }

  /** Makes the running step and all later ones end soon. For any thread, before {@link #close}. */
  public void interrupt() {
    interrupt(handle.get());
  }

  long handle() {
    return handle.get();
  }

  @Override
  public void close() {
    handle.close();
  }

  private static native long create(
      long model,
      long threadsOf,
      int cells,
      int maxSequences,
      int batchTokens,
      int ubatchTokens,
      int draftedTokens,
      int threads,
      int kvType,
      int flashAttention,
      boolean unified);

  private static native void free(long context);

  private static native Object[] columns(long context);

  private static native int step(long context, int rows, int split);

  private static native void interrupt(long context);

  private static native boolean forget(long context, int sequence, int from);

  private static native void use(long context, long adapter);

  private static native void share(long context, int from, int to, int tokens);

  private static native boolean collapseNext(long context);

  private static native boolean cutsAnywhere(long context);
}
