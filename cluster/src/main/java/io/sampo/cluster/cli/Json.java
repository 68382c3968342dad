package io.sampo.cluster.cli;

import java.io.PrintStream;
import tools.jackson.databind.json.JsonMapper;

/** Answers for programs: one JSON value on one line. */
final class Json {

  private Json() {}

  static void print(PrintStream out, Object value) {
    out.println(JsonMapper.builder().build().writeValueAsString(value));
  }
}
