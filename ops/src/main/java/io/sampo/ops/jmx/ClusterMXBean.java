package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi;
import io.sampo.ops.admin.Describe;
import java.util.List;

/** The whole cluster, by one connection to any of its nodes. */
@Describe("The whole cluster: operations ask every node concerned, within their timeout.")
public interface ClusterMXBean extends AdminApi {

  @Describe("The members as they were when somebody last looked; looking has them asked anew.")
  Nodes getMembers();

  @Describe("What happened around this node lately, the latest last.")
  List<EventView> getLatestEvents();
}
