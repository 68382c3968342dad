package io.sampo.engines.spi.grammar;

import io.sampo.engines.spi.grammar.GrammarRules.Chars;
import io.sampo.engines.spi.grammar.GrammarRules.Element;
import io.sampo.engines.spi.grammar.GrammarRules.Ref;
import io.sampo.engines.spi.grammar.GrammarRules.Token;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the notation as llama.cpp's parser (llama-grammar.cpp, v0.5.0) does, with the same
 * expansion of repetitions, so that what is counted here is what would be built there.
 */
final class GrammarReader {

  static final int MAX_DEPTH = 64;
  static final int MAX_REPEATS = 2_000;

  private static final int UNBOUNDED = -1;

  private final String text;
  private final GrammarRules rules = new GrammarRules();
  private int at;

  private GrammarReader(String text) {
    this.text = text;
  }

  static GrammarRules read(String text) {
    if (text.indexOf('\0') >= 0) {
      throw GrammarProblem.broken("it holds a NUL character");
    }
    GrammarReader reader = new GrammarReader(text);
    reader.skip(true);
    while (reader.at < text.length()) {
      reader.rule();
    }
    reader.rules.checkDefined();
    return reader.rules;
  }

  private void rule() {
    int rule = rules.named(name());
    skip(false);
    if (!text.startsWith("::=", at)) {
      throw broken("'::=' is missing");
    }
    at += 3;
    skip(true);
    alternatives(rule, 0);
    if (at < text.length() && peek() != '\r' && peek() != '\n') {
      throw broken("a new line is missing");
    }
    skip(true);
  }

  private void alternatives(int rule, int depth) {
    if (depth > MAX_DEPTH) {
      throw GrammarProblem.exceeds("nesting of " + MAX_DEPTH);
    }
    List<List<Element>> alternatives = new ArrayList<>();
    alternatives.add(sequence(depth));
    while (peek() == '|') {
      at++;
      skip(true);
      alternatives.add(sequence(depth));
    }
    rules.define(rule, alternatives);
  }

  private List<Element> sequence(int depth) {
    List<Element> sequence = new ArrayList<>();
    int last = 0;
    int weight = 1;
    boolean nested = depth > 0;
    while (at < text.length()) {
      char c = peek();
      if (c == '*' || c == '+' || c == '?' || c == '{') {
        if (last == sequence.size()) {
          throw broken("there is nothing to repeat");
        }
        weight = repeat(sequence, last, weight, nested);
        continue;
      }
      int rulesBefore = rules.count();
      int begin = sequence.size();
      if (!item(sequence, c, depth)) {
        break;
      }
      last = begin;
      weight = c == '(' ? Math.max(1, rules.count() - rulesBefore) : 1;
      skip(nested);
    }
    return sequence;
  }

  /** Adds what begins here; false where a sequence ends. */
  private boolean item(List<Element> sequence, char c, int depth) {
    if (c == '"') {
      literal(sequence);
    } else if (c == '[') {
      chars(sequence);
    } else if (c == '.') {
      at++;
      add(sequence, new Chars(new int[0], true));
    } else if (c == '<' || c == '!') {
      token(sequence);
    } else if (isWord(c)) {
      add(sequence, new Ref(rules.named(name())));
    } else if (c == '(') {
      at++;
      skip(true);
      int group = rules.unnamed();
      alternatives(group, depth + 1);
      if (peek() != ')') {
        throw broken("')' is missing");
      }
      at++;
      add(sequence, new Ref(group));
    } else {
      return false;
    }
    return true;
  }

  private void add(List<Element> sequence, Element element) {
    rules.grow(1);
    sequence.add(element);
  }

  private void literal(List<Element> sequence) {
    at++;
    while (peek() != '"') {
      int c = character();
      add(sequence, new Chars(new int[] {c, c}, false));
    }
    at++;
  }

  private void chars(List<Element> sequence) {
    at++;
    boolean negated = peek() == '^';
    if (negated) {
      at++;
    }
    List<Integer> ranges = new ArrayList<>();
    while (peek() != ']') {
      int first = character();
      int last = first;
      if (peek() == '-' && at + 1 < text.length() && text.charAt(at + 1) != ']') {
        at++;
        last = character();
      }
      ranges.add(first);
      ranges.add(last);
    }
    at++;
    if (!ranges.isEmpty()) {
      rules.grow(ranges.size());
      add(sequence, new Chars(ranges.stream().mapToInt(i -> i).toArray(), negated));
    }
  }

  private void token(List<Element> sequence) {
    int end = text.indexOf('>', at);
    if (end < 0) {
      throw broken("'>' is missing");
    }
    at = end + 1;
    add(sequence, new Token());
  }

  /**
   * S{m,n} becomes m times S, then n - m optional ones, each a rule that refers to the next.
   *
   * @param weight how many rules S was made of
   * @return the weight of the whole
   */
  private int repeat(List<Element> sequence, int from, int weight, boolean nested) {
    int min = peek() == '+' ? 1 : 0;
    int max = peek() == '?' ? 1 : UNBOUNDED;
    if (peek() == '{') {
      at++;
      skip(nested);
      min = number();
      max = min;
      skip(nested);
      if (peek() == ',') {
        at++;
        skip(nested);
        max = Character.isDigit(peek()) ? number() : UNBOUNDED;
        skip(nested);
      }
      if (peek() != '}') {
        throw broken("'}' is missing");
      }
    }
    at++;
    skip(nested);
    if (max != UNBOUNDED && max < min) {
      throw broken("a repetition's end is below its begin");
    }
    int times = max > 0 ? max : Math.max(1, min);
    if ((long) weight * times > MAX_REPEATS) {
      throw GrammarProblem.exceeds(MAX_REPEATS + " repeats");
    }
    expand(sequence, from, min, max);
    return weight * times;
  }

  private void expand(List<Element> sequence, int from, int min, int max) {
    List<Element> item = List.copyOf(sequence.subList(from, sequence.size()));
    int optional = max == UNBOUNDED ? 1 : max - min;
    rules.grow((long) item.size() * (Math.max(0, min - 1) + optional) + 2L * optional);
    if (min == 0) {
      sequence.subList(from, sequence.size()).clear();
    }
    for (int i = 1; i < min; i++) {
      sequence.addAll(item);
    }
    int next = -1;
    for (int i = 0; i < optional; i++) {
      int rule = rules.unnamed();
      List<Element> again = new ArrayList<>(item);
      if (max == UNBOUNDED) {
        again.add(new Ref(rule));
      } else if (next >= 0) {
        again.add(new Ref(next));
      }
      rules.define(rule, List.of(again, List.of()));
      next = rule;
    }
    if (next >= 0) {
      sequence.add(new Ref(next));
    }
  }

  private int number() {
    int begin = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    if (at == begin) {
      throw broken("a number is missing");
    }
    if (at - begin > 6 || Integer.parseInt(text, begin, at, 10) > MAX_REPEATS) {
      throw GrammarProblem.exceeds(MAX_REPEATS + " repeats");
    }
    return Integer.parseInt(text, begin, at, 10);
  }

  private int character() {
    if (at >= text.length()) {
      throw broken("it ends inside a literal");
    }
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    return c == '\\' ? escaped() : c;
  }

  private int escaped() {
    char c = peek();
    at++;
    return switch (c) {
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      case 'U' -> hex(8);
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'n' -> '\n';
      case '\\', '"', '[', ']', '-' -> c;
      default -> throw broken("an escape is unknown");
    };
  }

  private int hex(int digits) {
    int value = 0;
    for (int i = 0; i < digits; i++, at++) {
      int digit = Character.digit(peek(), 16);
      if (digit < 0 || peek() >= 0x80) {
        throw broken("an escape needs " + digits + " hexadecimal digits");
      }
      value = (value << 4) | digit;
    }
    return value;
  }

  private String name() {
    int begin = at;
    while (isWord(peek())) {
      at++;
    }
    if (at == begin) {
      throw broken("a rule's name is missing");
    }
    return text.substring(begin, at);
  }

  private void skip(boolean newLines) {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '#') {
        while (at < text.length() && peek() != '\n' && peek() != '\r') {
          at++;
        }
      } else if (c == ' ' || c == '\t' || (newLines && (c == '\n' || c == '\r'))) {
        at++;
      } else {
        return;
      }
    }
  }

  /** The next character; NUL, which no grammar holds, at the end. */
  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private static boolean isWord(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  }

  private GrammarProblem.Found broken(String reason) {
    return GrammarProblem.broken(reason + " at character " + at);
  }
}
