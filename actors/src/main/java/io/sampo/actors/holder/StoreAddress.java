package io.sampo.actors.holder;

import org.apache.pekko.actor.typed.ActorRef;

/**
 * Where a node's block store is asked.
 *
 * @param holder tells what it has
 * @param host of the socket that gives its blocks
 * @param port of this socket; 0 where none does
 */
public record StoreAddress(ActorRef<Holder.Command> holder, String host, int port) {

  public StoreAddress {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("no port: " + port);
    }
  }
}
