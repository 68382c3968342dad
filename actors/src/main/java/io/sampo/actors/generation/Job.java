package io.sampo.actors.generation;

import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.router.Router;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * What a generation has to do, and with whom.
 *
 * @param router delivers a message to the router of the request's model
 * @param reader hears the events, at the cost of credit
 */
record Job(
    GenerationRequest request,
    ServedModel model,
    Deadline deadline,
    Consumer<Router.Command> router,
    ActorRef<GenerationEvent> reader,
    GenerationSettings settings) {}
