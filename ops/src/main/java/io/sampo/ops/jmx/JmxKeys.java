package io.sampo.ops.jmx;

import java.util.Optional;

/** Knows who owns a key. */
@FunctionalInterface
public interface JmxKeys {

  /** Who may look or operate with this key; empty where nobody may. */
  Optional<JmxUser> owner(String key);
}
