package io.sampo.engines.simulated.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The tokens of the simulated model: ids 0 to 255 are the bytes, as in a byte-level BPE; then come
 * words, then the pieces of some characters whose UTF-8 bytes are split over several tokens, then
 * the special tokens.
 */
public final class SimulatedVocabulary {

  private static final List<byte[]> PIECES = new ArrayList<>();
  private static final int FIRST_WORD = 256;
  private static final String[] WORDS = {
    " simulated",
    " the",
    " and",
    " a",
    " of",
    " to",
    " in",
    " is",
    " it",
    " was",
    " that",
    " she",
    " he",
    " said",
    " day",
    " little",
    " big",
    " tree",
    " bird",
    " river",
    " boat",
    " snow",
    " light",
    " dark",
    " mill",
    " grain",
    " salt",
    " gold",
    " smith",
    " forge",
    " song",
    " story",
    " north",
    " wind",
    " home",
    " door",
    " key",
    " lid",
    " many",
    " colour",
    " once",
    " upon",
    " time",
    " ran",
    " saw",
    " made",
    " gave",
    " slept",
    ".",
    ",",
    "!",
    "?",
    "s",
    "ed",
    "ing",
    "ly"
  };
  private static final int FIRST_SPLIT;
  private static final String[] SPECIAL = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};

  /** Ends an answer. */
  public static final int END;

  /** Begins a message in the ChatML format. */
  public static final int MESSAGE_START;

  /** Ends a message in the ChatML format. */
  public static final int MESSAGE_END;

  static {
    for (int value = 0; value < FIRST_WORD; value++) {
      PIECES.add(new byte[] {(byte) value});
    }
    for (String word : WORDS) {
      PIECES.add(word.getBytes(UTF_8));
    }
    FIRST_SPLIT = PIECES.size();
    addSplit("é", 1);
    addSplit("日", 2);
    addSplit("ж", 1);
    addSplit("🦙", 1, 3);
    END = PIECES.size();
    MESSAGE_START = END + 1;
    MESSAGE_END = END + 2;
  }

  private static final boolean[] CONTINUES = continuing();
  private static final int[] FREQUENT = frequent();

  private SimulatedVocabulary() {}

  public static int size() {
    return PIECES.size() + SPECIAL.length;
  }

  public static boolean isSpecial(int token) {
    return token >= END && token < size();
  }

  /** Whether the next token must be {@code token + 1}, because a character is not yet whole. */
  static boolean continues(int token) {
    return CONTINUES[token];
  }

  /**
   * One of the tokens that answers are made of; likelier ones stand for more of the 1,024 draws.
   */
  static int frequent(int draw) {
    return FREQUENT[draw & 1023];
  }

  /** The bytes of a token; of a special one those of its name. */
  static byte[] bytes(int token) {
    return token < END ? PIECES.get(token) : SPECIAL[token - END].getBytes(UTF_8);
  }

  /** The special token whose name begins at this place of the text, or -1. */
  static int specialAt(String text, int at) {
    for (int i = 0; i < SPECIAL.length; i++) {
      if (text.startsWith(SPECIAL[i], at)) {
        return END + i;
      }
    }
    return -1;
  }

  static int specialLength(int token) {
    return SPECIAL[token - END].length();
  }

  private static void addSplit(String character, int... cuts) {
    byte[] bytes = character.getBytes(UTF_8);
    int from = 0;
    for (int cut : cuts) {
      PIECES.add(Arrays.copyOfRange(bytes, from, cut));
      from = cut;
    }
    PIECES.add(Arrays.copyOfRange(bytes, from, bytes.length));
  }

  /** A piece continues when the next one begins with a UTF-8 continuation byte. */
  private static boolean[] continuing() {
    boolean[] continues = new boolean[size()];
    for (int token = FIRST_SPLIT; token + 1 < END; token++) {
      continues[token] = (PIECES.get(token + 1)[0] & 0xC0) == 0x80;
    }
    return continues;
  }

  /**
   * Every word about evenly, one draw in eight the word "simulated", and a few that text handling
   * finds hard.
   */
  private static int[] frequent() {
    int[] table = new int[1024];
    for (int draw = 0; draw < table.length; draw++) {
      table[draw] = draw % 8 == 0 ? FIRST_WORD : FIRST_WORD + draw % WORDS.length;
    }
    int at = 1;
    for (int rare :
        new int[] {'\n', '\n', '\n', '\n', '\r', '"', '"', '\'', '\\', '\t', '<', '{'}) {
      table[at] = rare;
      at += 16;
    }
    for (int token = FIRST_SPLIT; token < END; token++) {
      if (token == FIRST_SPLIT || !CONTINUES[token - 1]) {
        table[at] = token;
        table[at + 16] = token;
        at += 32;
      }
    }
    return table;
  }
}
