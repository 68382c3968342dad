package io.sampo.actors.generation;

import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.router.Router;
import java.util.function.Consumer;

/**
 * What a generation has to do, and with whom.
 *
 * @param router delivers a message to the router of the request's model
 * @param reader hears the events
 */
record Job(
    GenerationRequest request,
    ServedModel model,
    Deadline deadline,
    Consumer<Router.Command> router,
    Reader reader,
    GenerationSettings settings) {}
