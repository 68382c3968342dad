package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationRequest.Messages;
import io.sampo.actors.generation.GenerationRequest.Text;
import io.sampo.actors.generation.GenerationRequest.Tokens;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.wire.Failure;
import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.TextCodec;
import java.util.List;

/**
 * A prompt as token ids, or the reason why it is none.
 *
 * @param blockHashes of its whole blocks, chained
 * @param stops further texts that end an answer in the model's chat format
 */
record PreparedPrompt(int[] ids, long[] blockHashes, List<String> stops) implements Preparation {

  record Refused(Failure failure) implements Preparation {}

  static Preparation of(GenerationRequest request, ServedModel model) {
    TextCodec codec = model.text();
    try {
      return switch (request.prompt()) {
        case Messages messages -> {
          ChatPrompt chat = codec.applyChatTemplate(messages.json());
          yield whole(
              codec.tokenize(chat.text(), chat.addSpecial(), true), chat.stops(), "messages");
        }
        case Text text ->
            text.text().isEmpty()
                ? new Refused(Failure.emptyPrompt("prompt"))
                : whole(codec.tokenize(text.text(), true, true), List.of(), "prompt");
        case Tokens tokens -> checked(tokens.ids(), codec.vocabularySize());
      };
    } catch (EngineException refused) {
      return new Refused(Failure.invalidValue("messages", String.valueOf(refused.getMessage())));
    }
  }

  private static Preparation checked(int[] ids, int vocabularySize) {
    for (int id : ids) {
      if (id < 0 || id >= vocabularySize) {
        return new Refused(Failure.invalidTokenId("prompt", id, vocabularySize));
      }
    }
    return whole(ids, List.of(), "prompt");
  }

  private static Preparation whole(int[] ids, List<String> stops, String param) {
    return ids.length == 0
        ? new Refused(Failure.emptyPrompt(param))
        : new PreparedPrompt(ids, new long[0], stops);
  }
}

/** What becomes of a prompt. */
sealed interface Preparation permits PreparedPrompt, PreparedPrompt.Refused {}
