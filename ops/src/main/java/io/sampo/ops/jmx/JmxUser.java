package io.sampo.ops.jmx;

import java.security.Principal;

/**
 * Who came in over JMX.
 *
 * @param name as the key's line says
 * @param operates whether changes are allowed, beside looking
 */
public record JmxUser(String name, boolean operates) implements Principal {

  @Override
  public String getName() {
    return name;
  }
}
