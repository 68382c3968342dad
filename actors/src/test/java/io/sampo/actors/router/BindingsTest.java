package io.sampo.actors.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import org.junit.jupiter.api.Test;

class BindingsTest {

  private static final ReplicaId A = new ReplicaId(new ModelId("m"), 0);

  private final Bindings bindings = new Bindings(2);

  @Test
  void aSessionIsFoundWhereItWas() {
    bindings.bind("chat", A);

    assertThat(bindings.find("chat")).isEqualTo(A);
    assertThat(bindings.find("other")).isNull();
    assertThat(bindings.find(null)).isNull();
  }

  @Test
  void theLeastRecentlyUsedSessionIsForgottenAtTheBound() {
    bindings.bind("one", A);
    bindings.bind("two", A);
    bindings.find("one");
    bindings.bind("three", A);

    assertThat(bindings.find("one")).isNotNull();
    assertThat(bindings.find("two")).isNull();
  }

  @Test
  void aLostReplicaIsForgotten() {
    bindings.bind("chat", A);
    bindings.forget(A);

    assertThat(bindings.find("chat")).isNull();
  }
}
