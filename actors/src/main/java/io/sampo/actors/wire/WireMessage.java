package io.sampo.actors.wire;

/**
 * A message that may travel to another node. It is a record without behaviour, registered in {@link
 * WireRegistry}.
 */
public interface WireMessage {}
