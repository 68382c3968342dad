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

  /** Whether the model brings a chat template; without one messages are joined as plain text. */
  boolean hasChatTemplate();

  /**
   * Renders a conversation as a prompt.
   *
   * @param messagesJson a JSON array of messages as in OpenAI's chat API, already validated
   * @throws EngineException INVALID_REQUEST when the model's template refuses these messages
   */
  ChatPrompt applyChatTemplate(String messagesJson);

  @Override
  void close();
}
