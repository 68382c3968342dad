package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi.DecisionView;
import io.sampo.ops.admin.Describe;
import java.util.List;

/** The router of one model. */
@Describe("The router of one model, as it told this gateway at most a second ago.")
public interface RouterMXBean {

  @Describe("Sessions whose replica is remembered.")
  int getSessions();

  @Describe("Places given, by why there.")
  List<DecisionView> getDecisions();
}
