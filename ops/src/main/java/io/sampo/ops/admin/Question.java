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
  DESIRED,
  OPERATIONS,
  DRAIN,
  UNDRAIN,
  SCALE,
  LOAD,
  UNLOAD,
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
   * @param subject a request, a session, a logger, or what is to be drained or loaded
   * @param value a replica, a level, a model's source, or the kind of what is to be drained
   * @param number how many, or for how long
   * @param most how many to tell at most
   * @param dryRun whether only to tell what would be done
   */
  record Arguments(String subject, String value, long number, int most, boolean dryRun) {

    Arguments(String subject, String value, long number, int most) {
      this(subject, value, number, most, false);
    }

    static final Arguments NONE = new Arguments("", "", 0, 0);

    static Arguments most(int most) {
      return new Arguments("", "", 0, most);
    }
  }
}
