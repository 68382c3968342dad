package io.sampo.actors.router;

import io.sampo.actors.holder.Holder;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.scheduler.Located;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.wire.ReplicaId;
import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;

/** What a router knows, for simulations outside of its room. */
public final class PureRouter implements AutoCloseable {

  private static final int SESSIONS = 100;
  private static final int BLOCKS = 2000;

  private final Bindings bindings = new Bindings(SESSIONS);
  private final Locator locator =
      new Locator(BLOCKS, Duration.ofSeconds(10), TestInbox.<Holder.Told>create().getRef());

  public Located locate(PlacementRequest request) {
    return locator.locate(request.blockHashes(), bindings.find(request.session()));
  }

  public void placed(PlacementRequest request, ReplicaId replica) {
    bindings.bind(request.session(), replica);
    locator.placed(replica, request.blockHashes());
  }

  public void heard(Replica.Report report, long now) {
    locator.heard(report, now);
  }

  public void lost(ReplicaId replica) {
    bindings.forget(replica);
    locator.withdraw(replica);
  }

  @Override
  public void close() {
    locator.close();
  }
}
