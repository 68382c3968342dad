package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi;
import io.sampo.ops.admin.AdminApi.Audit;
import io.sampo.ops.admin.AdminApi.Done;
import io.sampo.ops.admin.AdminApi.OperationView;
import io.sampo.ops.admin.Change;
import io.sampo.ops.admin.Describe;
import java.util.List;

/** What operators have ordered and takes its time. */
@Describe("What operators have ordered and takes its time, in the whole cluster.")
public interface OperationsMXBean {

  @Describe("What goes on and what has ended lately, as this node knows it.")
  List<OperationView> getOperations();

  @Describe("The same with what each still waits for; asks for it.")
  AdminApi.Operations operations(int timeoutMillis);

  @Change
  @Describe("Has a node, a replica or a model take nothing new; -1 is the usual grace time.")
  Done drain(
      String kind, String name, long graceSeconds, boolean dryRun, Audit audit, int timeoutMillis);

  @Change
  @Describe("Takes a drain back.")
  Done undrain(String kind, String name, boolean dryRun, Audit audit, int timeoutMillis);
}
