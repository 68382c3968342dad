/**
 * The wall between Sampo and the libraries that run models. An engine is found by {@link
 * java.util.ServiceLoader} through its {@link io.sampo.engines.spi.EngineProvider}; everything
 * above this package sees engines only through it.
 *
 * <p>The interface is request-level: one {@link io.sampo.engines.spi.SequenceRequest} goes in,
 * tokens come back through a {@link io.sampo.engines.spi.SequenceListener}. Whether the engine
 * batches by itself (TensorRT-LLM) or is driven by a loop of ours (llama.cpp) does not show. Of a
 * model for embeddings an {@link io.sampo.engines.spi.EmbeddingRequest} asks for vectors.
 *
 * <p>Text belongs to the model and not to the engine: a {@link io.sampo.engines.spi.TextCodec}
 * tokenizes and applies the chat template without weights, so a gateway can use it where no engine
 * runs.
 *
 * <p>What an engine has computed of a text can leave it and enter another one through {@link
 * io.sampo.engines.spi.KvBlocks}, where the engine and its model allow that; {@link
 * io.sampo.engines.spi.KvSupport} says so or why not.
 *
 * <p>Invariant: each accepted request ends in exactly one call of {@code onFinished} or {@code
 * onFailed}, whatever happens.
 */
@NullMarked
package io.sampo.engines.spi;

import org.jspecify.annotations.NullMarked;
