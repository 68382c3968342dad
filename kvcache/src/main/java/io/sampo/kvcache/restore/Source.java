package io.sampo.kvcache.restore;

import io.sampo.kvcache.event.Tier;
import java.net.InetSocketAddress;

/** Where blocks can be had. */
public sealed interface Source {

  /** The main memory of this node. */
  Source HOST = new Local(Tier.HOST);

  /** The files of this node. */
  Source DISK = new Local(Tier.DISK);

  /** This node's own. */
  record Local(Tier tier) implements Source {}

  /** Another node's, whose block server listens there. */
  record Peer(InetSocketAddress address) implements Source {}
}
