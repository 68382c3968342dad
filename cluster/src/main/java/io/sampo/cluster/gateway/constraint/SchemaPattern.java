package io.sampo.cluster.gateway.constraint;

import io.sampo.cluster.gateway.json.Refusal;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Rewrites the regular expression of a JSON schema for libllama-common's converter. The converter
 * knows a part of the language, takes any string where it knows no better, wants both anchors, and
 * lets a dot or a negated class match the quotation mark that ends the JSON string. Here the
 * language is the part that needs no backtracking (no look-around, no references), searching is
 * made explicit, and every class is cut to characters that stand for themselves in JSON.
 */
final class SchemaPattern {

  private static final int MAX_CHARS = 1_024;
  private static final int MAX_DEPTH = 16;
  private static final int MAX_REPEATS = 2_000;
  private static final String ANY = "[^\\x00-\\x1F\\x22\\x5C\\x7F]";
  private static final String LINEAR = "linear-time pattern";

  private final String pattern;
  private final String param;
  private int at;

  private SchemaPattern(String pattern, String param) {
    this.pattern = pattern;
    this.param = param;
  }

  static String rewrite(String pattern, String param) {
    if (pattern.length() > MAX_CHARS) {
      throw SchemaCheck.tooComplex(param, "pattern of " + MAX_CHARS + " characters");
    }
    SchemaPattern reader = new SchemaPattern(pattern, param);
    List<String> alternatives = new ArrayList<>();
    do {
      alternatives.add(reader.anchored());
    } while (reader.take('|'));
    if (reader.at < pattern.length()) {
      throw reader.unsupported("a ')' without its '('");
    }
    return "^(" + String.join("|", alternatives) + ")$";
  }

  /** One alternative on the outermost level, the only one where anchors may stand. */
  private String anchored() {
    String before = take('^') ? "" : ANY + "*";
    String sequence = sequence(0);
    String after = take('$') ? "" : ANY + "*";
    if (at < pattern.length() && peek() != '|' && peek() != ')') {
      throw unsupported("an anchor inside");
    }
    String whole = before + sequence + after;
    return whole.isEmpty() ? "()" : whole;
  }

  private String sequence(int depth) {
    StringBuilder sequence = new StringBuilder();
    while (at < pattern.length() && "|)$".indexOf(peek()) < 0) {
      sequence.append(quantified(atom(depth)));
    }
    return sequence.toString();
  }

  private String atom(int depth) {
    int c = pattern.codePointAt(at);
    at += Character.charCount(c);
    return switch (c) {
      case '.' -> ANY;
      case '(' -> group(depth + 1);
      case '[' -> characterClass();
      case '\\' -> escape();
      case '^' -> throw unsupported("an anchor inside");
      case '*', '+', '?', '{' -> throw unsupported("a repetition of nothing");
      default -> literal(c);
    };
  }

  private String group(int depth) {
    if (depth > MAX_DEPTH) {
      throw SchemaCheck.tooComplex(param, "pattern depth of " + MAX_DEPTH);
    }
    if (take('?') && !take(':')) {
      throw SchemaCheck.tooComplex(param, LINEAR);
    }
    List<String> alternatives = new ArrayList<>();
    do {
      alternatives.add(sequence(depth));
    } while (take('|'));
    if (!take(')')) {
      throw unsupported("a '(' without its ')', or an anchor inside");
    }
    return "(" + String.join("|", alternatives) + ")";
  }

  private String quantified(String atom) {
    if (at == pattern.length()) {
      return atom;
    }
    String quantifier =
        switch (peek()) {
          case '*', '+', '?' -> String.valueOf(pattern.charAt(at++));
          case '{' -> counted();
          default -> "";
        };
    if (!quantifier.isEmpty() && !take('?') && at < pattern.length() && peek() == '+') {
      throw SchemaCheck.tooComplex(param, LINEAR);
    }
    return atom + quantifier;
  }

  private String counted() {
    at++;
    int min = number();
    String counted = "{" + min;
    if (take(',')) {
      counted += ",";
      if (at < pattern.length() && peek() != '}') {
        int max = number();
        if (max < min) {
          throw unsupported("a repetition whose end is below its begin");
        }
        counted += max;
      }
    }
    if (!take('}')) {
      throw unsupported("a '{' without its '}'");
    }
    return counted + "}";
  }

  private int number() {
    int begin = at;
    while (at < pattern.length() && Character.digit(peek(), 10) >= 0 && peek() < 0x80) {
      at++;
    }
    if (at == begin) {
      throw unsupported("a '{' without a number");
    }
    if (at - begin > 5 || Integer.parseInt(pattern, begin, at, 10) > MAX_REPEATS) {
      throw SchemaCheck.tooComplex(param, MAX_REPEATS + " repeats");
    }
    return Integer.parseInt(pattern, begin, at, 10);
  }

  /** An escape outside a class. */
  private String escape() {
    int c = escapedChar();
    if (c >= 0) {
      return literal(c);
    }
    BitSet set = new BitSet();
    addNamed(-c, set);
    return written(set, Character.isUpperCase(-c));
  }

  private String characterClass() {
    boolean negated = take('^');
    BitSet set = new BitSet();
    while (!take(']')) {
      int first = classChar();
      if (first < 0) {
        if (Character.isUpperCase(-first)) {
          throw unsupported("a negated class inside a class");
        }
        addNamed(-first, set);
        continue;
      }
      int last = first;
      if (at + 1 < pattern.length() && peek() == '-' && pattern.charAt(at + 1) != ']') {
        at++;
        last = classChar();
      }
      if (last < first) {
        throw unsupported("a class with a range that ends before it begins");
      }
      set.set(first, last + 1);
    }
    return written(set, negated);
  }

  private int classChar() {
    if (at >= pattern.length()) {
      throw unsupported("a '[' without its ']'");
    }
    int c = pattern.codePointAt(at);
    at += Character.charCount(c);
    return c == '\\' ? escapedChar() : c;
  }

  /** The character behind a backslash; for one that names a class, its negative. */
  private int escapedChar() {
    if (at >= pattern.length()) {
      throw unsupported("a backslash at its end");
    }
    char c = pattern.charAt(at++);
    return switch (c) {
      case 'd', 'D', 'w', 'W', 's', 'S' -> -c;
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      default -> {
        if ((c >= '0' && c <= '9') || c == 'k') {
          throw SchemaCheck.tooComplex(param, LINEAR);
        }
        if (Character.isLetter(c)) {
          throw unsupported("the escape \\" + c);
        }
        yield c;
      }
    };
  }

  private int hex(int digits) {
    int value = 0;
    for (int i = 0; i < digits; i++, at++) {
      int digit = at < pattern.length() ? Character.digit(peek(), 16) : -1;
      if (digit < 0) {
        throw unsupported("an escape without its " + digits + " digits");
      }
      value = (value << 4) | digit;
    }
    return value;
  }

  private static void addNamed(int name, BitSet set) {
    switch (Character.toLowerCase(name)) {
      case 'd' -> set.set('0', '9' + 1);
      case 's' -> {
        set.set('\t', '\r' + 1);
        set.set(' ');
      }
      default -> {
        set.set('0', '9' + 1);
        set.set('A', 'Z' + 1);
        set.set('a', 'z' + 1);
        set.set('_');
      }
    }
  }

  /** The part of a set that stands for itself in a JSON string. */
  private String written(BitSet set, boolean negated) {
    BitSet escaped = new BitSet();
    escaped.set(0, 0x20);
    escaped.set('"');
    escaped.set('\\');
    escaped.set(0x7F);
    escaped.set(Character.MIN_SURROGATE, Character.MAX_SURROGATE + 1);
    if (negated) {
      set.or(escaped);
    } else {
      set.andNot(escaped);
      if (set.isEmpty()) {
        throw unsupported("a class without a printable character");
      }
    }
    StringBuilder text = new StringBuilder(negated ? "[^" : "[");
    for (int from = set.nextSetBit(0); from >= 0; ) {
      int to = set.nextClearBit(from) - 1;
      text.append(code(from));
      if (to > from) {
        text.append('-').append(code(to));
      }
      from = set.nextSetBit(to + 1);
    }
    return text.append(']').toString();
  }

  private static String code(int c) {
    boolean plain = c < 0x80 && Character.isLetterOrDigit(c);
    return plain
        ? String.valueOf((char) c)
        : c < 0x100 ? "\\x%02X".formatted(c) : "\\U%08X".formatted(c);
  }

  private String literal(int c) {
    return switch (c) {
      case '"' -> "([\\x5C][\\x22])";
      case '\\' -> "([\\x5C][\\x5C])";
      case '\n' -> "([\\x5C]n)";
      case '\t' -> "([\\x5C]t)";
      case '\r' -> "([\\x5C]r)";
      default -> {
        if (c < 0x20 || c == 0x7F || (c < 0x10000 && Character.isSurrogate((char) c))) {
          throw unsupported("a control character");
        }
        yield "[" + code(c) + "]";
      }
    };
  }

  private char peek() {
    return pattern.charAt(at);
  }

  private boolean take(char c) {
    if (at < pattern.length() && peek() == c) {
      at++;
      return true;
    }
    return false;
  }

  private Refusal unsupported(String what) {
    return Refusal.invalidValue(
        param, "in the schema, this server cannot follow a pattern with " + what);
  }
}
