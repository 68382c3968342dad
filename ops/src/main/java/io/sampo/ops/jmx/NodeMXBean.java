package io.sampo.ops.jmx;

import io.sampo.ops.admin.Describe;
import java.util.List;

/** This node. */
@Describe("This node.")
public interface NodeMXBean {

  String getName();

  List<String> getRoles();

  @Describe("'ready', or what keeps this node from serving.")
  String getReadiness();

  String getVersion();

  @Describe("Where it takes requests.")
  String getHttpAddress();

  @Describe("Where operators reach it over HTTP.")
  String getAdminAddress();

  @Describe("Members of the cluster that this node counts.")
  int getMembers();

  @Describe("Those of them that it does not reach.")
  int getUnreachableMembers();

  @Describe("Requests that this gateway answers now.")
  int getRunningRequests();

  @Describe("Memory of the process with models, KV and the Java heap; -1 where it is not known.")
  long getResidentBytes();
}
