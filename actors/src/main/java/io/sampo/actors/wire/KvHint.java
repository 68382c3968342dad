package io.sampo.actors.wire;

/**
 * Another node holds the beginning of a prompt. A belief: what it holds is seen when it is asked.
 *
 * @param host where its blocks can be fetched
 * @param port of that socket
 * @param blocks how many leading blocks it has, at least 1
 */
public record KvHint(String host, int port, int blocks) {

  public KvHint {
    if (port < 1 || port > 65_535 || blocks < 1) {
      throw new IllegalArgumentException("%d blocks at port %d".formatted(blocks, port));
    }
  }
}
