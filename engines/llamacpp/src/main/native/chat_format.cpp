#include "chat_format.h"

#include <algorithm>

#include "chat.h"
#include "failure.h"
#include "json-schema-to-grammar.h"
#include "model.h"

namespace sampo {

namespace {

constexpr size_t KEPT_PARSERS = 16;

// A parser's parameters as one text: numbers, the length of the generation prompt, that prompt, the rules.
std::string pack(const common_chat_params & params, bool split_reasoning, bool parse_tool_calls) {
    return std::to_string((int) params.format) + " " + std::to_string((int) split_reasoning) + " " +
           std::to_string((int) parse_tool_calls) + " " + std::to_string(params.generation_prompt.size()) + "\n" +
           params.generation_prompt + params.parser;
}

common_chat_parser_params unpack(const std::string & packed) {
    int          format = 0, split = 0, tools = 0, offset = 0;
    unsigned int prompt = 0;
    if (sscanf(packed.c_str(), "%d %d %d %u\n%n", &format, &split, &tools, &prompt, &offset) != 4) {
        throw Failure(Kind::INVALID_REQUEST, "the answer's format is broken");
    }
    // The blank that ends the pattern would also take blanks of the generation prompt.
    offset = (int) packed.find('\n') + 1;
    common_chat_parser_params params;
    params.format            = (common_chat_format) format;
    params.reasoning_format  = split ? COMMON_REASONING_FORMAT_DEEPSEEK : COMMON_REASONING_FORMAT_NONE;
    params.parse_tool_calls  = tools != 0;
    params.generation_prompt = packed.substr(offset, prompt);
    const std::string rules  = packed.substr(offset + prompt);
    if (!rules.empty()) {
        params.parser.load(rules);
    }
    return params;
}

common_chat_tool_choice choice_of(int choice) {
    return choice == 0 ? COMMON_CHAT_TOOL_CHOICE_AUTO : choice == 1 ? COMMON_CHAT_TOOL_CHOICE_REQUIRED : COMMON_CHAT_TOOL_CHOICE_NONE;
}

common_chat_templates_inputs inputs_of(const ChatFormat::Request & request) {
    common_chat_templates_inputs inputs;
    inputs.messages = common_chat_msgs_parse_oaicompat(common_json::parse(request.messages));
    if (!request.tools.empty()) {
        inputs.tools = common_chat_tools_parse_oaicompat(common_json::parse(request.tools));
    }
    inputs.tool_choice          = choice_of(request.tool_choice);
    inputs.parallel_tool_calls  = request.parallel_tool_calls;
    inputs.json_schema          = request.json_schema;
    inputs.grammar              = request.grammar;
    inputs.reasoning_format     = request.split_reasoning ? COMMON_REASONING_FORMAT_DEEPSEEK : COMMON_REASONING_FORMAT_NONE;
    inputs.chat_template_kwargs = request.template_arguments;
    const auto thinking         = request.template_arguments.find("enable_thinking");
    inputs.enable_thinking      = thinking == request.template_arguments.end() || thinking->second != "false";
    return inputs;
}

std::vector<llama_token> shown_tokens(const Model & model, const common_chat_params & params) {
    std::vector<llama_token> shown;
    for (const auto & text : params.preserved_tokens) {
        const auto ids = model.tokenize(text, false, true);
        if (ids.size() == 1) {
            shown.push_back(ids[0]);
        }
    }
    return shown;
}

void add_triggers(const Model & model, const common_chat_params & params, const std::vector<llama_token> & shown, GrammarSettings & to) {
    for (const auto & trigger : params.grammar_triggers) {
        switch (trigger.type) {
            case COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN: to.tokens.push_back(trigger.token); break;
            case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN: to.patterns.push_back(trigger.value); break;
            case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL: to.patterns.push_back("^(?:" + trigger.value + ")$"); break;
            case COMMON_GRAMMAR_TRIGGER_TYPE_WORD: {
                const auto ids = model.tokenize(trigger.value, false, true);
                if (ids.size() == 1 && std::find(shown.begin(), shown.end(), ids[0]) != shown.end()) {
                    to.tokens.push_back(ids[0]);
                } else {
                    to.words.push_back(trigger.value);
                }
            }
        }
    }
}

// The generation prompt as the tokens that a grammar made from the template has to pass first.
std::vector<llama_token> prefill_of(const Model & model, const std::string & prompt) {
    auto tokens = prompt.empty() ? std::vector<llama_token>() : model.tokenize(prompt, false, true);
    // Some tokenizers put a blank of their own before the first token.
    if (!tokens.empty()) {
        const std::string first = model.piece(tokens[0], true);
        if (!first.empty() && std::isspace((unsigned char) first[0]) && !std::isspace((unsigned char) prompt[0])) {
            tokens.erase(tokens.begin());
        }
    }
    return tokens;
}

bool is_plain(const common_chat_params & params, const std::string & format) {
    if (params.supports_thinking) {
        return false;
    }
    const std::string probe = " a{<b>}[c] \n";
    try {
        const common_chat_msg parsed = common_chat_parse(probe, false, unpack(format));
        return parsed.content == probe && parsed.reasoning_content.empty() && parsed.tool_calls.empty();
    } catch (const std::exception &) {
        return false;
    }
}

}  // namespace

struct ChatFormat::Templates {
    common_chat_templates_ptr all;
};

ChatFormat::ChatFormat(const Model & model, std::unique_ptr<Templates> templates) : model(model), templates(std::move(templates)) {}

ChatFormat::~ChatFormat() = default;

std::unique_ptr<ChatFormat> ChatFormat::of(const Model & model) {
    if (!llama_model_chat_template(model.raw(), nullptr) && !llama_model_chat_template(model.raw(), "tool_use")) {
        return nullptr;
    }
    auto templates = std::make_unique<Templates>();
    try {
        templates->all = common_chat_templates_init(model.raw(), "");
    } catch (const std::exception & broken) {
        throw Failure(Kind::MODEL_REJECTED, std::string("the model's chat template is broken: ") + broken.what());
    }
    return std::unique_ptr<ChatFormat>(new ChatFormat(model, std::move(templates)));
}

ChatFormat::Prompt ChatFormat::apply(const Request & request) const {
    try {
        common_chat_templates_inputs inputs = inputs_of(request);
        inputs.parallel_tool_calls &= common_chat_templates_get_caps(templates->all.get())["supports_parallel_tool_calls"];
        const common_chat_params params = common_chat_templates_apply(templates->all.get(), inputs);
        const bool calls = !inputs.tools.empty() && inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_NONE;
        if (calls && inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_REQUIRED && params.grammar.empty()) {
            throw std::runtime_error("it has no format for tool calls, so none can be required");
        }
        Prompt prompt;
        prompt.text  = params.prompt;
        prompt.stops = params.additional_stops;
        prompt.shown = shown_tokens(model, params);
        // Where all of the answer is content it is JSON from its first byte on; libllama-common's own grammar would also let the
        // model put it in a Markdown fence.
        const bool only_json = !request.json_schema.empty() && !calls && !params.supports_thinking;
        if (!request.grammar.empty() && !calls) {
            prompt.grammar.text = request.grammar;
        } else if (only_json) {
            prompt.grammar.text = grammar_of_schema(request.json_schema);
        } else if (!params.grammar.empty()) {
            prompt.grammar.text = params.grammar;
            prompt.grammar.lazy = params.grammar_lazy;
            if (params.grammar_lazy) {
                add_triggers(model, params, prompt.shown, prompt.grammar);
            } else {
                prompt.grammar.prefill = prefill_of(model, params.generation_prompt);
            }
        } else if (!request.json_schema.empty()) {
            prompt.grammar.text = grammar_of_schema(request.json_schema);
        }
        const std::string format = pack(params, request.split_reasoning, calls);
        if (!only_json && (calls || !is_plain(params, format))) {
            prompt.format = format;
        }
        return prompt;
    } catch (const Failure &) {
        throw;
    } catch (const std::exception & refused) {
        throw Failure(Kind::INVALID_REQUEST, std::string("the model's chat template refuses these messages: ") + refused.what());
    }
}

ChatFormat::Parser ChatFormat::parser_of(const std::string & format) {
    std::lock_guard<std::mutex> guard(lock);
    auto found = std::find_if(parsers.begin(), parsers.end(), [&](const auto & entry) { return entry.first == format; });
    if (found != parsers.end()) {
        parsers.splice(parsers.begin(), parsers, found);
    } else {
        parsers.emplace_front(format, std::make_shared<const common_chat_parser_params>(unpack(format)));
        if (parsers.size() > KEPT_PARSERS) {
            parsers.pop_back();
        }
    }
    return parsers.front().second;
}

ChatFormat::Answer ChatFormat::parse(const std::string & format, const std::string & text, bool partial) {
    try {
        const common_chat_msg parsed = common_chat_parse(text, partial, *parser_of(format));
        Answer                answer = { parsed.content, parsed.reasoning_content, {} };
        for (const auto & call : parsed.tool_calls) {
            answer.tool_calls.push_back({ call.id, call.name, call.arguments });
        }
        return answer;
    } catch (const Failure &) {
        throw;
    } catch (const std::exception & broken) {
        throw Failure(Kind::INVALID_REQUEST, broken.what());
    }
}

std::string grammar_of_schema(const std::string & json_schema) {
    try {
        return json_schema_to_grammar(common_json::parse(json_schema), true);
    } catch (const std::exception & refused) {
        throw Failure(Kind::INVALID_REQUEST, refused.what());
    }
}

}  // namespace sampo
