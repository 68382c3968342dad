package io.sampo.cluster.kv;

import io.sampo.kvcache.block.BlockNames;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.transfer.ClusterSecret;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How a gateway names the blocks of prompts, once a replica has told of its KV. */
public final class KvNames implements Supplier<Optional<BlockNames>> {

  private final ClusterSecret secret;
  private final Supplier<Optional<KvLayout>> layout;
  private volatile @Nullable BlockNames last;

  /**
   * @param layout as last reported
   */
  public KvNames(ClusterSecret secret, Supplier<Optional<KvLayout>> layout) {
    this.secret = secret;
    this.layout = layout;
  }

  @Override
  public Optional<BlockNames> get() {
    return layout.get().map(this::names);
  }

  private BlockNames names(KvLayout reported) {
    BlockNames known = last;
    if (known == null || !known.layout().equals(reported)) {
      known = TieredKv.names(secret, reported);
      last = known;
    }
    return known;
  }
}
