package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeModel;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.ChatRequest;
import io.sampo.engines.spi.ChatRequest.ToolChoice;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.FillInTokens;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.ParsedAnswer;
import io.sampo.engines.spi.TextCodec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A model's tokenizer and chat format by llama.cpp, from a load of the vocabulary alone. The bytes
 * of all tokens are copied to Java once, so that text comes out without a native call.
 */
final class LlamaCppText implements TextCodec {

  private final NativeModel model;
  private final int trainedContextTokens;
  private final byte[][] pieces;
  private final byte[][] specialPieces;
  private final BitSet endTokens = new BitSet();
  private final FillInTokens fillInTokens;
  private final boolean hasChatTemplate;

  private LlamaCppText(NativeModel model, int trainedContextTokens) {
    this.model = model;
    this.trainedContextTokens = trainedContextTokens;
    pieces = split(model.pieces(false));
    specialPieces = split(model.pieces(true));
    share(pieces, specialPieces);
    for (int token : model.endTokens()) {
      endTokens.set(token);
    }
    fillInTokens = model.fillInTokens();
    hasChatTemplate = model.openChat();
  }

  /** Opens the text side of a checked model file. */
  static LlamaCppText open(Path file, GgufSummary summary) {
    NativeModel loaded = LoadedModels.find(file);
    NativeModel model = loaded == null ? NativeModel.loadVocabulary(file) : loaded;
    try {
      return new LlamaCppText(model, summary.trainedContextTokens());
    } catch (RuntimeException failed) {
      model.close();
      throw failed;
    }
  }

  private static byte[][] split(NativeModel.Pieces all) {
    byte[][] pieces = new byte[all.starts().length - 1][];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = Arrays.copyOfRange(all.bytes(), all.starts()[i], all.starts()[i + 1]);
    }
    return pieces;
  }

  /** Most tokens look the same either way; one copy of them is enough. */
  private static void share(byte[][] pieces, byte[][] specialPieces) {
    for (int i = 0; i < pieces.length; i++) {
      if (Arrays.equals(pieces[i], specialPieces[i])) {
        specialPieces[i] = pieces[i];
      }
    }
  }

  @Override
  public int vocabularySize() {
    return pieces.length;
  }

  @Override
  public int trainedContextTokens() {
    return trainedContextTokens;
  }

  @Override
  public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
    return model.tokenize(text, addSpecial, parseSpecial);
  }

  @Override
  public byte[] piece(int token, boolean special) {
    return special ? specialPieces[token] : pieces[token];
  }

  @Override
  public boolean endsText(int token) {
    return endTokens.get(token);
  }

  @Override
  public FillInTokens fillInTokens() {
    return fillInTokens;
  }

  @Override
  public boolean hasChatTemplate() {
    return hasChatTemplate;
  }

  /**
   * {@inheritDoc}
   *
   * <p>A template that writes the begin token itself has it removed by llama.cpp when the tokenizer
   * adds one, so special tokens are always to be added.
   */
  @Override
  public ChatPrompt applyChatTemplate(ChatRequest request) {
    return hasChatTemplate ? model.applyChat(request) : withoutTemplate(request);
  }

  private ChatPrompt withoutTemplate(ChatRequest request) {
    if (request.toolsJson() != null && request.toolChoice() != ToolChoice.NONE) {
      throw new EngineException(
          Kind.INVALID_REQUEST, "the model has no chat template, so it cannot be told of tools");
    }
    String schema = request.jsonSchema();
    String grammar = schema == null ? request.grammar() : grammarOf(schema);
    return new ChatPrompt(
        PlainMessages.join(request.messagesJson()),
        true,
        List.of(),
        grammar == null ? null : Grammar.strict(grammar),
        new int[0],
        null);
  }

  @Override
  public ParsedAnswer parseAnswer(String format, String text, boolean partial) {
    return model.parseAnswer(format, text, partial);
  }

  @Override
  public String grammarOf(String jsonSchema) {
    return NativeModel.schemaGrammar(jsonSchema);
  }

  /** {@inheritDoc} The form is llama-server's, so that scores are the same. */
  @Override
  public int[] rankInput(String query, String document) {
    String template = model.rankTemplate();
    if (!template.isEmpty()) {
      String pair = template.replace("{query}", query).replace("{document}", document);
      return model.tokenize(pair, false, true);
    }
    int[] marks = model.rankMarks();
    IntStream.Builder ids = IntStream.builder();
    addMark(ids, marks[0]);
    IntStream.of(model.tokenize(query, false, false)).forEach(ids);
    addMark(ids, marks[1]);
    addMark(ids, marks[2]);
    IntStream.of(model.tokenize(document, false, false)).forEach(ids);
    addMark(ids, marks[1]);
    return ids.build().toArray();
  }

  private static void addMark(IntStream.Builder ids, int token) {
    if (token >= 0) {
      ids.add(token);
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
