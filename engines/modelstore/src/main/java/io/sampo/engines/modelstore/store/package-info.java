/**
 * The models on this machine: fetched once, kept by content, found by name.
 *
 * <p>{@link io.sampo.engines.modelstore.store.ModelStore} is the way in; {@link
 * io.sampo.engines.modelstore.store.ModelReference} is what people write to name a model. The state
 * is one folder: {@code blobs/} holds files named by their SHA-256, {@code manifests/} says which
 * of them make up a named model, {@code splits/} gives the files of split models the names that
 * llama.cpp looks for, {@code partial/} holds downloads on their way, {@code locks/} keeps
 * processes apart.
 *
 * <p>Invariant: a manifest is written after all blobs it names are complete, verified and durable;
 * names of files are made here and never come from a source.
 */
@NullMarked
package io.sampo.engines.modelstore.store;

import org.jspecify.annotations.NullMarked;
