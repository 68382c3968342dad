package io.sampo.engines.llamacpp.jni;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.ChatRequest;
import io.sampo.engines.spi.ChatRequest.ToolChoice;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.FillInTokens;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.KernelStats;
import io.sampo.engines.spi.ParsedAnswer;
import io.sampo.engines.spi.ParsedAnswer.ToolCall;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model in native memory: its vocabulary and chat format, and its weights where they were asked
 * for. Safe for use by many threads; {@link #close} waits for calls that are under way.
 */
public final class NativeModel implements AutoCloseable {

  /**
   * The bytes of all tokens of a vocabulary.
   *
   * @param bytes one after the other
   * @param starts where each begins; one entry more than tokens, the last one is the end
   */
  public record Pieces(byte[] bytes, int[] starts) {}

  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private final NativeHandle handle;
  private long chat;
  private int holders = 1;

  private NativeModel(long loaded) {
    handle = new NativeHandle("model", loaded, NativeModel::free);
  }

  /**
   * Loads the vocabulary of a model file that has passed Java's checks, and leaves the weights out.
   *
   * @throws EngineException MODEL_REJECTED with llama.cpp's reason, or OUT_OF_MEMORY
   */
  public static NativeModel loadVocabulary(Path file) {
    return load(file, true, "off", 0);
  }

  /**
   * Loads a model file that has passed Java's checks.
   *
   * @param kernels which kernels multiply on the CPU: auto, off or a variant's name; none where
   *     that is not there
   * @param gpuLayers layers on GPUs, -1 for all
   * @param tensorSplit what part of them each GPU takes, in any unit; empty leaves it to llama.cpp
   * @throws EngineException MODEL_REJECTED with llama.cpp's reason, or OUT_OF_MEMORY
   */
  public static NativeModel load(Path file, String kernels, int gpuLayers, float... tensorSplit) {
    return load(file, false, kernels, gpuLayers, tensorSplit);
  }

  private static NativeModel load(
      Path file, boolean vocabularyOnly, String kernels, int gpuLayers, float... tensorSplit) {
    NativeLibrary.ensureStarted();
    try {
      byte[] path = NativeLibrary.bytes(file);
      byte[] choice = kernels.getBytes(UTF_8);
      return new NativeModel(load(path, vocabularyOnly, choice, gpuLayers, tensorSplit));
    } catch (EngineException refused) {
      throw new EngineException(refused.kind(), file + ": " + refused.getMessage(), refused);
    } finally {
      NativeLibrary.forwardLog();
    }
  }

  public int vocabularySize() {
    return reading(() -> vocabularySize(handle.get()));
  }

  /** What our kernels have taken over of it. */
  public KernelStats kernels() {
    return reading(
        () -> {
          long[] counts = kernelCounts(handle.get());
          String variant = text(kernelVariant(handle.get()));
          return new KernelStats(variant, counts[0], counts[1], counts[2]);
        });
  }

  /** The tokens that end a text. */
  public int[] endTokens() {
    return reading(() -> endTokens(handle.get()));
  }

  /** The tokens that ask for a gap to be filled. */
  public FillInTokens fillInTokens() {
    int[] ids = reading(() -> fillInTokens(handle.get()));
    return new FillInTokens(ids[0], ids[1], ids[2], ids[3], ids[4], ids[5]);
  }

  /**
   * The bytes of every token.
   *
   * @param special show special tokens by name
   */
  public Pieces pieces(boolean special) {
    Object[] all = reading(() -> pieces(handle.get(), special));
    return new Pieces((byte[]) all[0], (int[]) all[1]);
  }

  public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
    byte[] utf8 = text.getBytes(UTF_8);
    return reading(() -> tokenize(handle.get(), utf8, addSpecial, parseSpecial));
  }

  /**
   * Prepares the chat template; false when the model has none.
   *
   * @throws EngineException MODEL_REJECTED when the template itself is broken
   */
  public boolean openChat() {
    lock.writeLock().lock();
    try {
      if (chat == 0) {
        chat = openChat(handle.get());
      }
      return chat != 0;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Renders a conversation; only after {@link #openChat} said true. */
  public ChatPrompt applyChat(ChatRequest request) {
    List<String> arguments = new ArrayList<>();
    request.templateArguments().forEach((name, value) -> arguments.addAll(List.of(name, value)));
    byte[] messages = request.messagesJson().getBytes(UTF_8);
    byte[] tools = bytes(request.toolsJson());
    byte[] schema = bytes(request.jsonSchema());
    byte[] grammar = bytes(request.grammar());
    Object[] parts =
        reading(
            () ->
                applyChat(
                    chat,
                    messages,
                    tools,
                    number(request.toolChoice()),
                    request.parallelToolCalls(),
                    schema,
                    grammar,
                    request.splitReasoning(),
                    bytes(arguments)));
    return prompt(parts);
  }

  private static int number(ToolChoice choice) {
    return switch (choice) {
      case AUTO -> 0;
      case REQUIRED -> 1;
      case NONE -> 2;
    };
  }

  private static ChatPrompt prompt(Object[] parts) {
    String grammar = text((byte[]) parts[2]);
    String format = text((byte[]) parts[8]);
    return new ChatPrompt(
        text((byte[]) parts[0]),
        true,
        texts((byte[][]) parts[1]),
        grammar.isEmpty()
            ? null
            : new Grammar(
                grammar,
                ((int[]) parts[9])[0] != 0,
                texts((byte[][]) parts[3]),
                texts((byte[][]) parts[4]),
                (int[]) parts[5],
                (int[]) parts[6]),
        (int[]) parts[7],
        format.isEmpty() ? null : format);
  }

  /** Takes an answer apart as {@link io.sampo.engines.spi.TextCodec#parseAnswer} says. */
  public ParsedAnswer parseAnswer(String format, String text, boolean partial) {
    byte[] formatUtf8 = format.getBytes(UTF_8);
    byte[] utf8 = text.getBytes(UTF_8);
    List<String> parts = texts(reading(() -> parseAnswer(chat, formatUtf8, utf8, partial)));
    List<ToolCall> calls = new ArrayList<>();
    for (int i = 2; i < parts.size(); i += 3) {
      calls.add(new ToolCall(parts.get(i), parts.get(i + 1), parts.get(i + 2)));
    }
    return new ParsedAnswer(parts.get(0), parts.get(1), calls);
  }

  /**
   * The tokens that a pair for ranking is put between.
   *
   * @return begin, end and separator token; -1 for one that the model does not add
   */
  public int[] rankMarks() {
    return reading(() -> rankMarks(handle.get()));
  }

  /** The model's own text for a pair, with places for both; empty where it brings none. */
  public String rankTemplate() {
    return text(reading(() -> rankTemplate(handle.get())));
  }

  /** The grammar of a JSON schema that has passed Java's checks. */
  public static String schemaGrammar(String jsonSchema) {
    NativeLibrary.ensureStarted();
    return text(grammarOf(jsonSchema.getBytes(UTF_8)));
  }

  /**
   * Compiles a grammar that has passed Java's checks, and keeps it for a while.
   *
   * @throws EngineException INVALID_REQUEST with llama.cpp's reason
   */
  public void compile(Grammar grammar) {
    byte[] utf8 = grammar.text().getBytes(UTF_8);
    byte[][] words = bytes(grammar.triggerWords());
    byte[][] patterns = bytes(grammar.triggerPatterns());
    reading(
        () -> {
          compile(
              handle.get(),
              utf8,
              grammar.lazy(),
              words,
              patterns,
              grammar.triggerTokens(),
              grammar.prefill());
          return true;
        });
  }

  static byte[][] bytes(List<String> texts) {
    return texts.stream().map(text -> text.getBytes(UTF_8)).toArray(byte[][]::new);
  }

  private static byte @Nullable [] bytes(@Nullable String text) {
    return text == null ? null : text.getBytes(UTF_8);
  }

  private static String text(byte[] utf8) {
    return new String(utf8, UTF_8);
  }

  private static List<String> texts(byte[][] utf8) {
    return Arrays.stream(utf8).map(NativeModel::text).toList();
  }

  /** For this package: valid while the model is open. */
  long handle() {
    return handle.get();
  }

  private <T> T reading(Supplier<T> call) {
    lock.readLock().lock();
    try {
      handle.requireOpen();
      return call.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Holds the model once more; each holder closes it once. False when it was closed already. */
  public boolean hold() {
    lock.writeLock().lock();
    try {
      boolean open = holders > 0;
      holders += open ? 1 : 0;
      return open;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Gives the memory back when the last holder closes. Contexts and samplers of this model must be
   * closed before.
   */
  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (holders == 0 || --holders > 0) {
        return;
      }
      if (chat != 0) {
        freeChat(chat);
        chat = 0;
      }
      handle.close();
    } finally {
      lock.writeLock().unlock();
    }
  }

  private static native long load(
      byte[] path, boolean vocabularyOnly, byte[] kernels, int gpuLayers, float[] tensorSplit);

  private static native byte[] kernelVariant(long model);

  private static native long[] kernelCounts(long model);

  private static native void free(long model);

  private static native int vocabularySize(long model);

  private static native int[] endTokens(long model);

  private static native int[] fillInTokens(long model);

  private static native Object[] pieces(long model, boolean special);

  private static native int[] tokenize(
      long model, byte[] text, boolean addSpecial, boolean parseSpecial);

  private static native int[] rankMarks(long model);

  private static native byte[] rankTemplate(long model);

  private static native long openChat(long model);

  private static native Object[] applyChat(
      long chat,
      byte[] messages,
      byte @Nullable [] tools,
      int toolChoice,
      boolean parallelToolCalls,
      byte @Nullable [] jsonSchema,
      byte @Nullable [] grammar,
      boolean splitReasoning,
      byte[][] templateArguments);

  private static native byte[][] parseAnswer(
      long chat, byte[] format, byte[] text, boolean partial);

  private static native byte[] grammarOf(byte[] jsonSchema);

  private static native void compile(
      long model,
      byte[] grammar,
      boolean lazy,
      byte[][] triggerWords,
      byte[][] triggerPatterns,
      int[] triggerTokens,
      int[] prefill);

  private static native void freeChat(long chat);
}
