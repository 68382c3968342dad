package io.sampo.cluster.gateway.constraint;

import io.sampo.actors.generation.GenerationRequest.Constraint;
import io.sampo.actors.generation.GenerationRequest.Constraint.Form;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.engines.spi.grammar.GrammarCheck;
import io.sampo.engines.spi.grammar.GrammarProblem;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The ways to constrain an answer's text: {@code response_format} as OpenAI has it, {@code
 * json_schema} and {@code grammar} as llama-server has them. One of them in a request.
 */
public final class ConstraintFields {

  private static final String ANY_OBJECT = "{\"type\":\"object\"}";

  private ConstraintFields() {}

  public static @Nullable Constraint decode(Fields fields) {
    Constraint format = responseFormat(fields);
    Constraint schema = jsonSchema(fields);
    Constraint grammar = grammar(fields);
    if (grammar != null && (schema != null || format != null)) {
      throw fields.refuse("grammar", "cannot stand beside a schema");
    }
    if (schema != null && format != null) {
      throw fields.refuse("json_schema", "cannot stand beside 'response_format'");
    }
    return grammar != null ? grammar : schema != null ? schema : format;
  }

  private static @Nullable Constraint responseFormat(Fields fields) {
    Fields format = fields.object("response_format");
    if (format == null) {
      return null;
    }
    String type = format.text("type");
    return switch (type == null ? "" : type) {
      case "text" -> null;
      case "json_object" -> schema(format.value("schema"), "response_format");
      case "json_schema" -> {
        Fields wrapper = format.object("json_schema");
        if (wrapper == null) {
          throw format.refuse("json_schema", "must be an object");
        }
        ToolFields.checkName(wrapper, "name");
        yield schema(wrapper.value("schema"), "response_format");
      }
      default -> throw format.refuse("type", "must be text, json_object or json_schema");
    };
  }

  private static @Nullable Constraint jsonSchema(Fields fields) {
    JsonNode schema = fields.value("json_schema");
    return schema == null ? null : schema(schema, "json_schema");
  }

  private static Constraint schema(@Nullable JsonNode schema, String param) {
    if (schema == null || (schema.isObject() && schema.isEmpty())) {
      return new Constraint(Form.JSON_SCHEMA, ANY_OBJECT, param);
    }
    if (!(schema instanceof ObjectNode object)) {
      throw Refusal.invalidValue(param, "the schema must be an object");
    }
    return new Constraint(Form.JSON_SCHEMA, SchemaCheck.checked(object, param), param);
  }

  private static @Nullable Constraint grammar(Fields fields) {
    String grammar = fields.text("grammar");
    if (grammar == null || grammar.isBlank()) {
      return null;
    }
    GrammarProblem problem = GrammarCheck.problemOf(grammar);
    if (problem == null) {
      return new Constraint(Form.GRAMMAR, grammar, "grammar");
    }
    throw problem.limit() != null
        ? new Refusal(Failure.grammarTooComplex("grammar", problem.limit()))
        : fields.refuse("grammar", "the grammar is refused: " + problem.reason());
  }
}
