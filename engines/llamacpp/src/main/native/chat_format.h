#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "grammar.h"

struct common_chat_templates;
struct common_chat_parser_params;

namespace sampo {

class Model;

// The conversation format of a model, from the Jinja template in its file; libllama-common runs it. Safe for many threads.
class ChatFormat {
  public:
    // The fields of io.sampo.engines.spi.ChatRequest; an empty text stands for null.
    struct Request {
        std::string                        messages;
        std::string                        tools;
        int                                tool_choice = 0;  // 0 automatic, 1 required, 2 none
        bool                               parallel_tool_calls = false;
        std::string                        json_schema;
        std::string                        grammar;
        bool                               split_reasoning = true;
        std::map<std::string, std::string> template_arguments;
    };

    struct Prompt {
        std::string              text;
        std::vector<std::string> stops;
        GrammarSettings          grammar;  // its text is empty where there is none
        std::vector<llama_token> shown;
        std::string              format;  // empty where the answer is plain text
    };

    struct ToolCall {
        std::string id, name, arguments;
    };

    struct Answer {
        std::string           content, reasoning;
        std::vector<ToolCall> tool_calls;
    };

    // Null when the model brings no template: libllama-common would then take ChatML without saying so.
    static std::unique_ptr<ChatFormat> of(const Model & model);

    // Throws INVALID_REQUEST when the template refuses the request.
    Prompt apply(const Request & request) const;

    // Takes an answer apart. Throws INVALID_REQUEST when it does not obey the format.
    Answer parse(const std::string & format, const std::string & text, bool partial);

    ~ChatFormat();

  private:
    struct Templates;
    using Parser = std::shared_ptr<const common_chat_parser_params>;

    ChatFormat(const Model & model, std::unique_ptr<Templates> templates);

    Parser parser_of(const std::string & format);

    const Model &                             model;
    std::unique_ptr<Templates>                templates;
    std::mutex                                lock;
    std::list<std::pair<std::string, Parser>> parsers;  // the last few, last used first
};

// The grammar of the JSON texts that obey a schema. Throws INVALID_REQUEST.
std::string grammar_of_schema(const std::string & json_schema);

}  // namespace sampo
