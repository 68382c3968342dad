package io.sampo.cluster.gateway.constraint;

import io.sampo.cluster.gateway.json.Fields;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The variables of a chat template that a request may set: switches and words of a list. Whatever
 * else a template reads ({@code messages}, {@code tools}, tokens) is not for a request to replace.
 */
public final class TemplateArguments {

  private static final String FIELD = "chat_template_kwargs";
  private static final Set<String> SWITCHES =
      Set.of("enable_thinking", "thinking", "clear_thinking", "preserve_thinking");
  private static final Pattern EFFORT = Pattern.compile("none|minimal|low|medium|high|xhigh|max");

  private TemplateArguments() {}

  /** Names with their values as JSON. */
  public static Map<String, String> decode(Fields fields) {
    Map<String, String> arguments = new HashMap<>();
    String effort = fields.text("reasoning_effort");
    if (effort != null) {
      addEffort(fields, "reasoning_effort", effort, arguments);
    }
    Fields given = fields.object(FIELD);
    if (given == null) {
      return arguments;
    }
    for (String name : given.unasked()) {
      if (SWITCHES.contains(name)) {
        arguments.put(name, Boolean.toString(given.flag(name, true)));
      } else if (name.equals("reasoning_effort")) {
        addEffort(given, name, String.valueOf(given.text(name)), arguments);
      } else {
        throw given.refuse(name, "is no argument that a request may give to a chat template");
      }
    }
    return arguments;
  }

  private static void addEffort(
      Fields fields, String name, String effort, Map<String, String> arguments) {
    if (!EFFORT.matcher(effort).matches()) {
      throw fields.refuse(name, "must be none, minimal, low, medium, high, xhigh or max");
    }
    arguments.put("reasoning_effort", "\"" + effort + "\"");
    if (effort.equals("none")) {
      arguments.put("enable_thinking", "false");
    }
  }
}
