package io.sampo.ops.admin;

/** What one node is asked or told to do by another, in the name of an operator. */
enum Question {
  NODE,
  REPLICAS,
  MODELS,
  REQUESTS,
  CANCEL,
  QUEUES,
  SESSIONS,
  MOVE_SESSION,
  KV,
  EVICT_KV,
  EVENTS,
  SETTINGS,
  LOG_LEVELS,
  SET_LOG_LEVEL,
  THREADS;

  /**
   * What goes with a question; each uses what it needs.
   *
   * @param subject a request, a session or a logger
   * @param value a replica or a level
   * @param number how many, or for how long
   * @param most how many to tell at most
   */
  record Arguments(String subject, String value, long number, int most) {

    static final Arguments NONE = new Arguments("", "", 0, 0);

    static Arguments most(int most) {
      return new Arguments("", "", 0, most);
    }
  }
}
