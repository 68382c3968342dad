package io.sampo.engines.spi;

/** Tokenizer and chat format of one model. Safe for use by many threads. */
public interface TextCodec extends AutoCloseable {

  int vocabularySize();

  /** The context the model was trained for, in tokens. */
  int trainedContextTokens();

  /**
   * Text to token ids.
   *
   * @param addSpecial put the model's begin token (and end token, where it wants one) around the
   *     text
   * @param parseSpecial read the names of special tokens in the text as those tokens
   */
  int[] tokenize(String text, boolean addSpecial, boolean parseSpecial);

  /**
   * The bytes a token adds to a text; not always whole UTF-8 characters. The array is shared and
   * must not be changed.
   *
   * @param special show special tokens by their names; otherwise they add nothing
   */
  byte[] piece(int token, boolean special);

  /** Whether this token ends an answer. */
  boolean endsText(int token);

  /** How the model is asked to fill a gap. */
  default FillInTokens fillInTokens() {
    return FillInTokens.NONE;
  }

  /** Whether the model brings a chat template; without one messages are joined as plain text. */
  boolean hasChatTemplate();

  /**
   * Renders a conversation as a prompt.
   *
   * @throws EngineException INVALID_REQUEST when the model's template refuses these messages, has
   *     no place for tools, or the schema cannot be made a grammar
   */
  ChatPrompt applyChatTemplate(ChatRequest request);

  /**
   * Takes an answer apart. A longer beginning of the same answer gives a longer result, as far as
   * the format allows it.
   *
   * @param format from {@link ChatPrompt#format}
   * @param text the answer so far, with {@link ChatPrompt#shownTokens} shown
   * @param partial whether more may follow
   * @throws EngineException INVALID_REQUEST when the text does not obey the format
   */
  ParsedAnswer parseAnswer(String format, String text, boolean partial);

  /**
   * The grammar of the JSON texts that obey a schema.
   *
   * @param jsonSchema validated as in {@link ChatRequest#jsonSchema}
   * @return rules as in {@link Grammar#text}
   * @throws EngineException INVALID_REQUEST when the schema cannot be made a grammar
   */
  String grammarOf(String jsonSchema);

  /**
   * The input that asks a ranking model how well a document answers a query.
   *
   * @throws EngineException INVALID_REQUEST when the model has no form for it
   */
  int[] rankInput(String query, String document);

  @Override
  void close();
}
