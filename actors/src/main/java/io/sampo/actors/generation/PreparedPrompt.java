package io.sampo.actors.generation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.actors.generation.GenerationRequest.Messages;
import io.sampo.actors.generation.GenerationRequest.Text;
import io.sampo.actors.generation.GenerationRequest.Tokens;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.wire.Failure;
import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.TextCodec;
import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.block.BlockHash;
import java.util.List;

/** A prompt as token ids, or the reason why it is none. */
sealed interface PreparedPrompt {

  /**
   * Ready to be placed.
   *
   * @param blockHashes of its whole blocks, chained
   * @param stops further texts that end an answer in the model's chat format
   */
  record Ready(int[] ids, long[] blockHashes, List<String> stops) implements PreparedPrompt {}

  record Refused(Failure failure) implements PreparedPrompt {}

  /** Until there are tenants there is one. */
  byte[] TENANT = "default".getBytes(UTF_8);

  /** The router is told of so many blocks at most; a longer prompt is known by its beginning. */
  int MAX_BLOCKS = 4_096;

  static PreparedPrompt of(GenerationRequest request, ServedModel model) {
    TextCodec codec = model.text();
    try {
      return switch (request.prompt()) {
        case Messages messages -> {
          ChatPrompt chat = codec.applyChatTemplate(messages.json());
          yield whole(
              codec.tokenize(chat.text(), chat.addSpecial(), true),
              chat.stops(),
              "messages",
              model);
        }
        case Text text ->
            text.text().isEmpty()
                ? new Refused(Failure.emptyPrompt("prompt"))
                : whole(codec.tokenize(text.text(), true, true), List.of(), "prompt", model);
        case Tokens tokens -> checked(tokens.ids(), model);
      };
    } catch (EngineException refused) {
      return new Refused(Failure.invalidValue("messages", String.valueOf(refused.getMessage())));
    }
  }

  private static PreparedPrompt checked(int[] ids, ServedModel model) {
    int vocabularySize = model.text().vocabularySize();
    for (int id : ids) {
      if (id < 0 || id >= vocabularySize) {
        return new Refused(Failure.invalidTokenId("prompt", id, vocabularySize));
      }
    }
    return whole(ids, List.of(), "prompt", model);
  }

  private static PreparedPrompt whole(
      int[] ids, List<String> stops, String param, ServedModel model) {
    return ids.length == 0
        ? new Refused(Failure.emptyPrompt(param))
        : new Ready(ids, fingerprints(ids, model), stops);
  }

  /**
   * The first half of each block's hash; enough to route by, where a false match costs time and
   * nothing else.
   */
  private static long[] fingerprints(int[] ids, ServedModel model) {
    BlockChain chain =
        new BlockChain(TENANT, model.id().name().getBytes(UTF_8), BlockChain.DEFAULT_BLOCK_TOKENS);
    long[] hashes = chain.hashes(ids);
    long[] first = new long[Math.min(BlockHash.count(hashes), MAX_BLOCKS)];
    for (int block = 0; block < first.length; block++) {
      first[block] = BlockHash.at(hashes, block).first();
    }
    return first;
  }
}
