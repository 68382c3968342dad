package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi.Audit;
import io.sampo.ops.admin.AdminApi.Done;
import io.sampo.ops.admin.Change;
import io.sampo.ops.admin.Describe;
import java.util.List;

/** Levels of this node's loggers. */
@Describe("Levels of this node's loggers.")
public interface LoggingMXBean {

  @Describe("Loggers that have a level of their own, as name=LEVEL.")
  List<String> getLevels();

  @Change
  @Describe("Sets a logger's level on the chosen nodes, for so many seconds; 0 sets it for good.")
  Done setLogLevel(
      String node, String logger, String level, long seconds, Audit audit, int timeoutMillis);
}
