package io.sampo.cluster.gateway.decode;

import io.sampo.actors.generation.GenerationRequest.Gap;
import io.sampo.actors.generation.GenerationRequest.ProjectFile;
import io.sampo.actors.generation.GenerationRequest.Prompt;
import io.sampo.actors.generation.GenerationRequest.Text;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The ways to ask for a gap to be filled: {@code suffix} as OpenAI has it, and {@code /infill}. */
final class GapFields {

  static final int MAX_FILES = 256;

  private GapFields() {}

  /** The prompts as what precedes a gap, where there is something behind it. */
  static List<Prompt> withSuffix(Fields fields, List<Prompt> prompts) {
    String suffix = fields.text("suffix");
    if (suffix == null || suffix.isEmpty()) {
      return prompts;
    }
    List<Prompt> gaps = new ArrayList<>();
    for (Prompt prompt : prompts) {
      if (!(prompt instanceof Text text)) {
        throw fields.refuse("suffix", "goes with prompts that are texts, not token ids");
      }
      gaps.add(new Gap(text.text(), suffix, "", null, "suffix"));
    }
    return gaps;
  }

  static Prompt decode(Fields fields) {
    String begun = fields.text("prompt");
    return new Gap(
        required(fields, "input_prefix"),
        required(fields, "input_suffix"),
        begun == null ? "" : begun,
        files(fields),
        "model");
  }

  private static String required(Fields fields, String name) {
    String text = fields.text(name);
    if (text == null) {
      throw fields.refuse(name, "must be a string");
    }
    return text;
  }

  private static List<ProjectFile> files(Fields fields) {
    JsonNode value = fields.value("input_extra");
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof ArrayNode array) || array.size() > MAX_FILES) {
      throw fields.refuse("input_extra", "must be an array of at most " + MAX_FILES + " files");
    }
    List<ProjectFile> files = new ArrayList<>();
    for (JsonNode one : array) {
      String path = "input_extra[" + files.size() + "]";
      if (!(one instanceof ObjectNode object)) {
        throw Refusal.invalidValue(path, "must be an object with 'filename' and 'text'");
      }
      Fields file = new Fields(object, path + ".");
      String name = file.text("filename");
      files.add(new ProjectFile(name == null ? "tmp" : name, required(file, "text")));
    }
    return files;
  }
}
