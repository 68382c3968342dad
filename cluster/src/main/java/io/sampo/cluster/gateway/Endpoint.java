package io.sampo.cluster.gateway;

import io.sampo.cluster.gateway.http.ApiKeys;
import java.util.List;

/**
 * Where the gateway listens and for whom.
 *
 * @param port 0 lets the system choose
 * @param allowedHosts further names the endpoint is reached by, beside its address and localhost
 * @param debugHeaders whether answers tell how they were routed
 * @param version what {@code /version} tells
 */
public record Endpoint(
    String host,
    int port,
    ApiKeys keys,
    List<String> allowedHosts,
    boolean debugHeaders,
    String version) {

  public Endpoint {
    allowedHosts = List.copyOf(allowedHosts);
  }
}
