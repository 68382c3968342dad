package io.sampo.ops.jmx;

import io.sampo.ops.admin.Describe;

/** The scheduler of one model. */
@Describe("The queue of one model, as it was at most a second ago.")
public interface SchedulerMXBean {

  int getWaiting();

  @Describe("More waiting requests than these are refused.")
  int getWaitingBound();

  @Describe("How long the longest waiting request has waited.")
  long getOldestWaitMillis();

  @Describe("Requests that got no place so far.")
  long getRefused();
}
