package io.sampo.kvcache.transfer;

import org.jspecify.annotations.Nullable;

/**
 * By what a node is believed, and believes others.
 *
 * @param secret of the cluster; always needed
 * @param tls with it, everything travels encrypted and both sides show certificates; without it
 *     everything is authenticated and nothing is secret
 */
public record Credentials(ClusterSecret secret, @Nullable TransferTls tls) {

  /** Without TLS: for a network that nobody else listens to. */
  public static Credentials plain(ClusterSecret secret) {
    return new Credentials(secret, null);
  }
}
