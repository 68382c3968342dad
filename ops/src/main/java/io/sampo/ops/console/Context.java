package io.sampo.ops.console;

import io.sampo.ops.admin.AdminApi;
import io.sampo.ops.admin.AdminApi.Audit;
import io.sampo.ops.admin.AdminApi.Done;
import io.sampo.ops.admin.AdminApi.NodeError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a verb runs with.
 *
 * @param in where a yes is read from
 * @param person whether somebody sits at a terminal
 */
record Context(Target target, InputStream in, PrintStream out, PrintStream err, boolean person) {

  private static final JsonMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  AdminApi api() {
    return target.api();
  }

  void json(Object value) {
    out.println(JSON.writeValueAsString(value));
  }

  /**
   * Tells which nodes gave no answer.
   *
   * @return the exit code
   */
  int errors(List<NodeError> errors) {
    errors.forEach(error -> err.println("console: " + error.node() + ": " + error.reason()));
    return errors.isEmpty() ? 0 : 1;
  }

  /** Tells what was done; nothing done and an error is a failure. */
  int done(Done done, boolean asJson) {
    if (asJson) {
      json(done);
    } else {
      done.lines().forEach(out::println);
      if (!done.operation().isEmpty()) {
        out.println("'operations " + done.operation() + "' tells how far it is");
      }
    }
    return errors(done.errors());
  }

  Audit audit(String why) {
    return new Audit(System.getProperty("user.name", "unknown"), why);
  }

  /** Asks a person; who cannot be asked has to have said yes before. */
  void confirm(boolean yes, String what) {
    if (yes) {
      return;
    }
    if (!person) {
      throw new ConsoleException(what + "? Give --yes, or --dry-run to see what would be done");
    }
    out.print(what + "? [y/N] ");
    out.flush();
    try {
      String answer =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).readLine();
      if (answer == null || !answer.strip().equalsIgnoreCase("y")) {
        throw new ConsoleException("nothing was done");
      }
    } catch (IOException unreadable) {
      throw new ConsoleException("nothing was done", unreadable);
    }
  }
}
