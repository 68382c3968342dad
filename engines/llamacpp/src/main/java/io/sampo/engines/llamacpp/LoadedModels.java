package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeModel;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The models that engines of this JVM have loaded, by file. A tokenizer of the same file takes its
 * vocabulary from there instead of loading it a second time.
 */
final class LoadedModels {

  private static final Map<Path, NativeModel> BY_FILE = new ConcurrentHashMap<>();

  private LoadedModels() {}

  static void add(Path file, NativeModel model) {
    BY_FILE.put(file, model);
  }

  static void remove(Path file, NativeModel model) {
    BY_FILE.remove(file, model);
  }

  /** The model of an open engine, held once more, or null. */
  static @Nullable NativeModel find(Path file) {
    NativeModel model = BY_FILE.get(file);
    return model != null && model.hold() ? model : null;
  }
}
