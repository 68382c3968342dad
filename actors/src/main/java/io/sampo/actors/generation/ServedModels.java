package io.sampo.actors.generation;

import static io.sampo.kvcache.block.BlockChain.DEFAULT_BLOCK_TOKENS;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.actors.wire.ModelId;
import io.sampo.engines.spi.KvScope;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.TextCodec;
import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.block.BlockNames;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The models this gateway knows, with what it needs of them: names and text. */
public interface ServedModels {

  /**
   * One model.
   *
   * @param aliases further names it answers to
   * @param simulated whether its engine only pretends
   * @param created when this node began to serve it
   * @param task what it does with a request
   * @param vectorLength numbers in an embedding; 0 unless it embeds
   * @param names how blocks of its KV are named, once a replica has told what they are
   */
  record ServedModel(
      ModelId id,
      List<String> aliases,
      boolean simulated,
      Instant created,
      TextCodec text,
      ModelTask task,
      int vectorLength,
      Supplier<Optional<BlockNames>> names) {

    /** One whose KV nobody has told of. */
    public ServedModel(
        ModelId id,
        List<String> aliases,
        boolean simulated,
        Instant created,
        TextCodec text,
        ModelTask task,
        int vectorLength) {
      this(id, aliases, simulated, created, text, task, vectorLength, Optional::empty);
    }

    /** One that generates. */
    public ServedModel(
        ModelId id, List<String> aliases, boolean simulated, Instant created, TextCodec text) {
      this(id, aliases, simulated, created, text, ModelTask.GENERATE, 0);
    }

    /** The same one, whose blocks are named by these. */
    public ServedModel naming(Supplier<Optional<BlockNames>> others) {
      return new ServedModel(id, aliases, simulated, created, text, task, vectorLength, others);
    }

    /**
     * Names the blocks of prompts. Where it is not known how others name them, equal beginnings at
     * least have equal names.
     *
     * @param scope with whom KV is shared
     * @param adapter what answers are computed with, or null for the model itself
     */
    BlockChain chain(KvScope scope, @Nullable String adapter) {
      return names
          .get()
          .map(known -> known.chain(scope.salt(), adapter))
          .orElseGet(
              () ->
                  new BlockChain(
                      scope.salt().getBytes(UTF_8), ownName(adapter), DEFAULT_BLOCK_TOKENS));
    }

    /** No name holds the character that parts the two. */
    private byte[] ownName(@Nullable String adapter) {
      return (adapter == null ? id.name() : id.name() + '\0' + adapter).getBytes(UTF_8);
    }
  }

  /** Finds a model by its name, an alias, or the name of one of its adapters. */
  Optional<ServedModel> find(String name);

  /** The adapters of a model that requests may name. */
  default List<String> adapters(ModelId model) {
    return List.of();
  }

  /** Whether more models are on their way, so that an unknown name may be known soon. */
  boolean loading();

  /** The models that are here. */
  List<ServedModel> all();
}
