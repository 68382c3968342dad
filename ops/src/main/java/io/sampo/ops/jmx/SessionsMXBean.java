package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi.Audit;
import io.sampo.ops.admin.AdminApi.Done;
import io.sampo.ops.admin.AdminApi.Sessions;
import io.sampo.ops.admin.Change;
import io.sampo.ops.admin.Describe;

/** Which replica each session goes to. */
@Describe("Which replica each session goes to.")
public interface SessionsMXBean {

  @Describe("How many sessions are remembered, as routers told at most a second ago.")
  int getRemembered();

  @Describe("Where sessions were last, at most so many.")
  Sessions sessions(int most, int timeoutMillis);

  @Change
  @Describe("Has a session go to this replica from its next request on; an empty one forgets it.")
  Done moveSession(String session, String replica, boolean dryRun, Audit audit, int timeoutMillis);
}
