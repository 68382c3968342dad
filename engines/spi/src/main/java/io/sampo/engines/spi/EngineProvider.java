package io.sampo.engines.spi;

import java.nio.file.Path;

/**
 * Makes engines of one kind. Implementations are found by {@link java.util.ServiceLoader} and have
 * no state of their own.
 */
public interface EngineProvider {

  /** The name an operator chooses it by, for example {@code llamacpp}. */
  String name();

  /**
   * Whether this engine only pretends to run a model. Everything that shows its output must say so.
   */
  boolean simulated();

  /** The CPU kernels of its own that this engine has for this machine; may load its library. */
  default KernelOffer kernels() {
    return KernelOffer.NONE;
  }

  /**
   * Opens the tokenizer and chat format of a model, without its weights.
   *
   * @param model the model's file; engines that need none (a simulated one) ignore it
   * @throws EngineException MODEL_REJECTED when the file is not a model this engine can read
   */
  TextCodec openText(Path model);

  /**
   * Says how a model would be loaded: the context that is chosen where the settings leave it open,
   * and the memory needed.
   *
   * @throws EngineException MODEL_REJECTED as for {@link #load}
   */
  LoadPlan plan(Path model, EngineSettings settings);

  /**
   * Loads a model. Blocks for as long as that takes (seconds for a large model), so never call it
   * on an actor's thread.
   *
   * @throws EngineException MODEL_REJECTED when the file breaks a rule, OUT_OF_MEMORY when it does
   *     not fit, INTERNAL otherwise
   */
  Engine load(Path model, EngineSettings settings);
}
