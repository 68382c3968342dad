package io.sampo.engines.spi.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every hostile grammar has its answer at once; ordinary ones pass. */
@Timeout(10)
class GrammarCheckTest {

  private static final String JSON =
      """
      # JSON as llama.cpp writes it
      root   ::= object
      value  ::= object | array | string | number | ("true" | "false" | "null") ws
      object ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}" ws
      array  ::= "[" ws ( value ("," ws value)* )? "]" ws
      string ::= "\\"" ( [^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\\"" ws
      number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
      ws ::= | " " | "\\n" [ \\t]{0,20}
      """;

  @ParameterizedTest
  @ValueSource(
      strings = {
        JSON,
        "root ::= \"yes\" | \"no\"",
        "root ::= [a-z]+ (\" \" [a-z]+)*",
        "root ::= (\"a\"+)+ \"b\"",
        "root ::= (call? space)+\ncall ::= \"x\"\nspace ::= | \" \"",
        "root ::= . [^\\n] [\\x00-\\U0010FFFF] \"\\u00e9\" e\n\te ::= \"\"",
        "root ::= <think> !<[7]> \"x\"{2,}",
        "root ::= (\n \"a\"\n | \"b\"\n)\n# end"
      })
  void letsOrdinaryGrammarsPass(String grammar) {
    assertThat(GrammarCheck.problemOf(grammar)).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                          | it has no rule named root
          `other ::= "x"`             | it has no rule named root
          `root ::= missing`          | it uses a rule that it does not define: missing
          `root ::= "open`            | it ends inside a literal at character 14
          `root = "x"`                | '::=' is missing at character 5
          `root ::= ("a"`             | ')' is missing at character 13
          `root ::= *`                | there is nothing to repeat at character 9
          `root ::= "\\q"`            | an escape is unknown at character 12
          `root ::= "\\x4"`           | an escape needs 2 hexadecimal digits at character 13
          `root ::= "a"{5,2}`         | a repetition's end is below its begin at character 17
          `root ::= "a"{,2}`          | a number is missing at character 13
          `root ::= root "a" ; "b"`   | a new line is missing at character 18
          `root ::= root "a" | "a"`   | a rule is left-recursive
          `root ::= "a" root`         | a rule can never come to its end
          `root ::= root`             | a rule can never come to its end
          """)
  void namesWhatIsBroken(String grammar, String reason) {
    assertThat(GrammarCheck.problemOf(grammar)).isEqualTo(new GrammarProblem(null, reason));
  }

  /** llama.cpp misses these, enters the rule without end and takes all memory. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "root ::= a root \"y\" | \"x\"\na ::= b\nb ::= \"\"",
        "root ::= a root \"!\" | \"x\"\na ::= b b\nb ::= c\nc ::= | \"z\"",
      })
  void findsLeftRecursionBehindRulesThatMatchNothingOnlyIndirectly(String grammar) {
    assertThat(GrammarCheck.problemOf(grammar))
        .isEqualTo(new GrammarProblem(null, "a rule is left-recursive"));
  }

  @Test
  void boundsDepthRulesRepeatsAndSize() {
    assertThat(limit("root ::= " + "(".repeat(10_000) + "\"a\"" + ")".repeat(10_000)))
        .isEqualTo("nesting of 64");
    assertThat(limit("root ::= \"a\"{2001}")).isEqualTo("2000 repeats");
    assertThat(limit("root ::= \"a\"{0,99999999999999999999}")).isEqualTo("2000 repeats");
    assertThat(limit("root ::= ((\"a\"? \"b\"?){0,50}){0,50}")).isEqualTo("2000 repeats");
    assertThat(limit("root ::= \"" + "a".repeat(500) + "\"")).isNull();
    assertThat(limit("root ::= (\"" + "a".repeat(500) + "\"){1000}"))
        .as("a group is one element, its copies are references")
        .isNull();
    assertThat(limit("root ::= " + "\"" + "a".repeat(500) + "\"{1000}"))
        .isEqualTo("200000 elements after expansion");
    assertThat(limit(rules(2_001, i -> "\"x\""))).isEqualTo("2000 rules");
    assertThat(limit(rules(500, i -> "\"x\"{0,100}"))).isEqualTo("20000 rules after expansion");
    assertThat(limit("root ::= \"" + "a".repeat(200_000) + "\""))
        .isEqualTo("grammar of 131072 bytes");
    assertThat(limit("root ::= \"a\u0000\"")).isNull();
  }

  @Test
  void boundsWhatDoublesWithEachRule() {
    assertThat(limit(rules(40, i -> "r%d r%d | \"\"".formatted(i + 1, i + 1))))
        .isEqualTo("alternatives");
    assertThat(limit(rules(40, i -> "r%d \"a\" | r%d \"b\"".formatted(i + 1, i + 1))))
        .isEqualTo("alternatives");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "root ::= s\ns ::= \"a\" s s | \"a\" s \"b\" s | \"a\" s s s | \"a\"",
        "root ::= \"x\" s\ns ::= \"(\" s \")\" s | \"(\" s \")\" | \"(\" s s \")\" | \"(\" \")\"",
        "root ::= s\ns ::= [a-z] s [a-z] | [a-y] s [b-z] | [a-x] s [c-z] s | \"a\""
      })
  void findsAmbiguityThatGrowsWithTheText(String grammar) {
    assertThat(limit(grammar)).isEqualTo("ambiguity");
  }

  private static @Nullable String limit(String grammar) {
    GrammarProblem problem = GrammarCheck.problemOf(grammar);
    return problem == null ? null : problem.limit();
  }

  private static String rules(int count, IntFunction<String> body) {
    List<String> rules =
        IntStream.range(0, count)
            .mapToObj(i -> "r" + i + " ::= " + (i == count - 1 ? "\"z\"" : body.apply(i)))
            .toList();
    return "root ::= r0\n" + String.join("\n", rules);
  }
}
