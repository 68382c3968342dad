package io.sampo.actors.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.router.Bindings.Binding;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import org.junit.jupiter.api.Test;

class BindingsTest {

  private static final ReplicaId A = new ReplicaId(new ModelId("m"), 0);
  private static final ReplicaId B = new ReplicaId(new ModelId("m"), 1);

  private final Bindings bindings = new Bindings(2, 4);

  @Test
  void aSessionStaysWhereItWas() {
    bindings.bind("chat", new long[] {1}, A);

    assertThat(bindings.find("chat", new long[] {2})).isEqualTo(new Binding(A, "session"));
  }

  @Test
  void withoutASessionTheLongestSharedBeginningDecides() {
    bindings.bind(null, new long[] {1, 2}, A);
    bindings.bind(null, new long[] {1, 3}, B);

    assertThat(bindings.find(null, new long[] {1, 2, 9})).isEqualTo(new Binding(A, "prefix"));
    assertThat(bindings.find(null, new long[] {1, 8})).isEqualTo(new Binding(B, "prefix"));
    assertThat(bindings.find(null, new long[] {8, 9})).isNull();
  }

  @Test
  void theLeastRecentlyUsedSessionIsForgottenAtTheBound() {
    bindings.bind("one", new long[0], A);
    bindings.bind("two", new long[0], A);
    bindings.find("one", new long[0]);
    bindings.bind("three", new long[0], A);

    assertThat(bindings.find("one", new long[0])).isNotNull();
    assertThat(bindings.find("two", new long[0])).isNull();
  }

  @Test
  void aLostReplicaIsForgottenEverywhere() {
    bindings.bind("chat", new long[] {1}, A);
    bindings.forget(A);

    assertThat(bindings.find("chat", new long[] {1})).isNull();
  }
}
