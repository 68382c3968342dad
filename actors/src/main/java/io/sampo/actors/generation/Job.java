package io.sampo.actors.generation;

import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.router.Router;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a generation has to do, and with whom.
 *
 * @param router delivers a message to the router of the request's model
 * @param reader hears the events
 * @param stream what its client can come back to; null where it cannot
 * @param suspects requests that engines died of
 */
record Job(
    GenerationRequest request,
    ServedModel model,
    Deadline deadline,
    Consumer<Router.Command> router,
    Reader reader,
    @Nullable ResumableStream stream,
    Suspects suspects,
    GenerationSettings settings) {}
