package io.sampo.cluster.gateway.feed;

import io.sampo.actors.holder.Holder;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.AllBlocksCleared;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.event.BlockRemoved;
import io.sampo.kvcache.event.BlockStored;
import io.sampo.kvcache.event.Tier;
import java.time.InstantSource;
import java.util.HexFormat;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * What a holder told, as server-sent events. The data of each is a batch as vLLM publishes it
 * ({@code vllm/distributed/kv_events.py}): {@code ts} and {@code events} of the types BlockStored,
 * BlockRemoved and AllBlocksCleared, with {@code epoch} and {@code seq} beside them.
 *
 * <p>A hash is 32 hexadecimal digits. Tokens are not told, and neither is a block's parent: what a
 * prompt says is nobody's business, and with each block a store has all blocks before it.
 */
final class FeedEvents {

  private final int blockTokens;
  private final InstantSource clock;

  /**
   * @param blockTokens tokens of a block
   * @param clock of the batches' times
   */
  FeedEvents(int blockTokens, InstantSource clock) {
    this.blockTokens = blockTokens;
    this.clock = clock;
  }

  /** Something that happened, and the position behind it. */
  ByteString happened(BlockEvent event) {
    JsonBytes json = begin(event.epoch());
    number(json, "seq", event.number());
    json.raw(",").name("events").raw("[");
    switch (event) {
      case BlockStored stored -> stored(json, stored.tier(), stored.hashes());
      case BlockRemoved removed -> {
        json.raw("{").name("type").string("BlockRemoved");
        hashes(json, removed.hashes());
        json.raw(",").name("medium").string(medium(removed.tier())).raw("}");
      }
      case AllBlocksCleared _ -> cleared(json);
    }
    return end(json, new FeedPosition(event.epoch(), event.number() + 1));
  }

  /** A piece of all that is there. Only the last one has a position to go on from. */
  ByteString piece(Holder.Piece piece) {
    JsonBytes json = begin(piece.epoch());
    json.raw(",").name("snapshot").raw("{").name("piece").number(piece.piece());
    number(json, "pieces", piece.pieces());
    json.raw("}").raw(",").name("events").raw("[");
    if (piece.piece() == 0) {
      cleared(json);
    }
    if (piece.hashes().length > 0) {
      stored(piece.piece() == 0 ? json.raw(",") : json, piece.tier(), piece.hashes());
    }
    boolean last = piece.piece() == piece.pieces() - 1;
    return end(json, last ? new FeedPosition(piece.epoch(), piece.next()) : null);
  }

  private JsonBytes begin(long epoch) {
    long millis = clock.millis();
    JsonBytes json = new JsonBytes(512).raw("data: {").name("ts");
    json.raw("%d.%03d".formatted(millis / 1000, millis % 1000));
    return json.raw(",").name("epoch").number(epoch);
  }

  private static ByteString end(JsonBytes json, @Nullable FeedPosition position) {
    json.raw("]}\n");
    if (position != null) {
      json.raw("id: " + position + "\n");
    }
    return json.raw("\n").drain();
  }

  private void stored(JsonBytes json, Tier tier, long[] hashes) {
    json.raw("{").name("type").string("BlockStored");
    hashes(json, hashes);
    json.raw(",").name("parent_block_hash").raw("null");
    json.raw(",").name("token_ids").raw("[]");
    number(json, "block_size", blockTokens);
    json.raw(",").name("lora_id").raw("null");
    json.raw(",").name("medium").string(medium(tier));
    json.raw(",").name("lora_name").raw("null").raw("}");
  }

  private static void cleared(JsonBytes json) {
    json.raw("{").name("type").string("AllBlocksCleared").raw("}");
  }

  private static void hashes(JsonBytes json, long[] hashes) {
    HexFormat hex = HexFormat.of();
    json.raw(",").name("block_hashes").raw("[");
    for (int block = 0; block < BlockHash.count(hashes); block++) {
      BlockHash hash = BlockHash.at(hashes, block);
      json.raw(block == 0 ? "\"" : ",\"");
      json.raw(hex.toHexDigits(hash.first())).raw(hex.toHexDigits(hash.second())).raw("\"");
    }
    json.raw("]");
  }

  /** vLLM's name of where a block is. */
  private static String medium(Tier tier) {
    return switch (tier) {
      case DEVICE -> "GPU";
      case HOST -> "CPU";
      case DISK -> "STORAGE";
    };
  }

  private static void number(JsonBytes json, String name, long value) {
    json.raw(",").name(name).number(value);
  }
}
