package io.sampo.engines.llamacpp;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * An adapter that an engine has loaded, and the sequences that use it. It equals only itself:
 * loaded once more under the same name it is another one, so nothing that was computed with the one
 * is taken for the other. Safe for use by many threads.
 */
final class LoadedAdapter {

  private final String name;
  private final Set<Sequence> users = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean retired;

  LoadedAdapter(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  /** Takes a new sequence; false once {@link #retire} was called. */
  synchronized boolean enter(Sequence sequence) {
    return !retired && users.add(sequence);
  }

  /** A sequence has ended; hearing of it once more is harmless. */
  synchronized void leave(Sequence sequence) {
    users.remove(sequence);
  }

  /** Takes no new sequence any more. */
  synchronized void retire() {
    retired = true;
  }

  /** Whether nobody uses it, nor will. */
  synchronized boolean over() {
    return retired && users.isEmpty();
  }
}
