package io.sampo.engines.llamacpp.jni;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

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

  /**
   * A rendered conversation.
   *
   * @param stops further texts that end an answer in this format
   */
  public record Chat(String text, List<String> stops) {}

  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private long handle;
  private long chat;
  private int holders = 1;

  private NativeModel(long handle) {
    this.handle = handle;
  }

  /**
   * Loads a model file that has passed Java's checks.
   *
   * @param vocabularyOnly leave the weights out
   * @param gpuLayers layers on a GPU, -1 for all
   * @throws EngineException MODEL_REJECTED with llama.cpp's reason, or OUT_OF_MEMORY
   */
  public static NativeModel load(Path file, boolean vocabularyOnly, int gpuLayers) {
    NativeLibrary.ensureStarted();
    try {
      return new NativeModel(load(NativeLibrary.bytes(file), vocabularyOnly, gpuLayers));
    } catch (EngineException refused) {
      throw new EngineException(refused.kind(), file + ": " + refused.getMessage(), refused);
    } finally {
      NativeLibrary.forwardLog();
    }
  }

  public int vocabularySize() {
    return reading(() -> vocabularySize(handle));
  }

  /** The tokens that end a text. */
  public int[] endTokens() {
    return reading(() -> endTokens(handle));
  }

  /**
   * The bytes of every token.
   *
   * @param special show special tokens by name
   */
  public Pieces pieces(boolean special) {
    Object[] all = reading(() -> pieces(handle, special));
    return new Pieces((byte[]) all[0], (int[]) all[1]);
  }

  public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
    byte[] utf8 = text.getBytes(UTF_8);
    return reading(() -> tokenize(handle, utf8, addSpecial, parseSpecial));
  }

  /**
   * Prepares the chat template; false when the model has none.
   *
   * @throws EngineException MODEL_REJECTED when the template itself is broken
   */
  public boolean openChat() {
    lock.writeLock().lock();
    try {
      checkOpen();
      if (chat == 0) {
        chat = openChat(handle);
      }
      return chat != 0;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Renders messages; only after {@link #openChat} said true. */
  public Chat applyChat(String messagesJson) {
    byte[] utf8 = messagesJson.getBytes(UTF_8);
    byte[][] texts = reading(() -> applyChat(chat, utf8));
    List<String> stops = new ArrayList<>();
    for (byte[] stop : Arrays.asList(texts).subList(1, texts.length)) {
      stops.add(new String(stop, UTF_8));
    }
    return new Chat(new String(texts[0], UTF_8), stops);
  }

  /** For this package: valid while the model is open. */
  long handle() {
    checkOpen();
    return handle;
  }

  private <T> T reading(Supplier<T> call) {
    lock.readLock().lock();
    try {
      checkOpen();
      return call.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  private void checkOpen() {
    if (handle == 0) {
      throw new EngineException(Kind.CLOSED, "the model was closed");
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
      if (handle != 0) {
        free(handle);
        handle = 0;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private static native long load(byte[] path, boolean vocabularyOnly, int gpuLayers);

  private static native void free(long model);

  private static native int vocabularySize(long model);

  private static native int[] endTokens(long model);

  private static native Object[] pieces(long model, boolean special);

  private static native int[] tokenize(
      long model, byte[] text, boolean addSpecial, boolean parseSpecial);

  private static native long openChat(long model);

  private static native byte[][] applyChat(long chat, byte[] messages);

  private static native void freeChat(long chat);
}
