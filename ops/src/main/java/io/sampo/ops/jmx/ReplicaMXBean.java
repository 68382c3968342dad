package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi.ReplicaView;
import io.sampo.ops.admin.Describe;

/** One replica on this node. */
@Describe("One replica on this node, as it last reported.")
public interface ReplicaMXBean {

  @Describe("ready, loading, failed or leaving.")
  String getState();

  int getPlacesTaken();

  int getPlaces();

  double getPrefillTokensPerSecond();

  double getDecodeTokensPerSecond();

  @Describe("All of it together.")
  ReplicaView getReport();
}
