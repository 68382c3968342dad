package io.sampo.kvcache.transfer;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The connections of a server: strangers, who have still to prove that they belong to the cluster,
 * and members, who have. Both are bounded. Whoever opens connections and says nothing can have all
 * places of strangers, but not keep them: one more closes the oldest, while a member's proof is a
 * matter of milliseconds.
 */
final class Guests {

  private final int mostMembers;
  private final int mostStrangers;
  private final LinkedHashSet<Wire> strangers = new LinkedHashSet<>();
  private final Set<Wire> members = new HashSet<>();
  private boolean closed;

  Guests(int mostMembers, int mostStrangers) {
    this.mostMembers = mostMembers;
    this.mostStrangers = mostStrangers;
  }

  /**
   * A stranger comes.
   *
   * @return whether an older one was closed for it
   */
  synchronized boolean enter(Wire wire) {
    boolean full = strangers.size() >= mostStrangers;
    if (full) {
      Iterator<Wire> oldest = strangers.iterator();
      oldest.next().close();
      oldest.remove();
    }
    strangers.add(wire);
    if (closed) {
      wire.close();
    }
    return full;
  }

  /**
   * A stranger has proven who it is.
   *
   * @return whether there is room for one more member
   */
  synchronized boolean admit(Wire wire) {
    return strangers.remove(wire) && members.size() < mostMembers && members.add(wire);
  }

  /** One is gone. */
  synchronized void leave(Wire wire) {
    strangers.remove(wire);
    members.remove(wire);
  }

  synchronized int members() {
    return members.size();
  }

  synchronized int strangers() {
    return strangers.size();
  }

  /** Closes all, and whoever comes later. */
  void close() {
    List<Wire> all;
    synchronized (this) {
      closed = true;
      all = Stream.concat(strangers.stream(), members.stream()).toList();
    }
    all.forEach(Wire::close);
  }
}
