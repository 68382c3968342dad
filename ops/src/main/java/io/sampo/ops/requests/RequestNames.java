package io.sampo.ops.requests;

import org.jspecify.annotations.Nullable;

/**
 * What a request is known by.
 *
 * @param id the client's, or one that was made for it
 * @param tenant for whom it is
 * @param model the one that answers
 * @param adapter the name of its adapter, or null
 * @param session the conversation it belongs to, or null
 */
public record RequestNames(
    String id, String tenant, String model, @Nullable String adapter, @Nullable String session) {}
