package io.sampo.cluster.membership;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What a node does. */
public enum Role {
  /** Takes requests. */
  GATEWAY,
  /** Runs models. */
  ENGINE;

  /** Of a node that is a whole cluster by itself. */
  public static final Set<Role> BOTH = Set.copyOf(EnumSet.allOf(Role.class));

  /** As people and other nodes write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static List<String> words(Set<Role> roles) {
    return roles.stream().sorted().map(Role::word).toList();
  }
}
