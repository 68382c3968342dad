package io.sampo.engines.simulated;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Time that passes only when a test says so. All engines that were given the same instance share
 * it; their listeners are called on the thread that advances it, in the order of their steps'
 * times, and at the same time in the order in which the engines were loaded. Requests sent to an
 * engine are taken up at the next {@link #advance}. A listener must neither advance time nor close
 * an engine.
 */
public final class VirtualTime implements StepTime {

  private final List<VirtualDrive> drives = new CopyOnWriteArrayList<>();
  private long nowNanos;
  private boolean turning;

  /** How far time has been advanced. */
  public synchronized Duration now() {
    return Duration.ofNanos(nowNanos);
  }

  /** Lets time pass, and with it every step that is over by then. */
  public synchronized void advance(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("time does not go back: " + duration);
    }
    long target = nowNanos + duration.toNanos();
    for (long next = turnAll(); next <= target; next = turnAll()) {
      nowNanos = Math.max(nowNanos, next);
    }
    nowNanos = target;
  }

  @Override
  public Drive start(String name, Turning engine) {
    VirtualDrive drive = new VirtualDrive(engine);
    drives.add(drive);
    return drive;
  }

  /** Turns every engine once; the earliest time one of them wants to be turned again. */
  private long turnAll() {
    long earliest = Turning.IDLE;
    for (VirtualDrive drive : drives) {
      earliest = Math.min(earliest, turn(drive));
    }
    return earliest;
  }

  private long turn(VirtualDrive drive) {
    if (turning) {
      throw new IllegalStateException("A listener must neither advance time nor close an engine.");
    }
    turning = true;
    try {
      return drive.engine.turn(nowNanos);
    } finally {
      turning = false;
    }
  }

  private synchronized void end(VirtualDrive drive) {
    if (drives.contains(drive)) {
      turn(drive);
      drives.remove(drive);
    }
  }

  private final class VirtualDrive implements Drive {
    private final Turning engine;

    VirtualDrive(Turning engine) {
      this.engine = engine;
    }

    @Override
    public void wake() {}

    @Override
    public void awaitEnd() {
      end(this);
    }
  }
}
