#pragma once

#include <memory>
#include <string>
#include <vector>

struct common_chat_templates;

namespace sampo {

class Model;

// The conversation format of a model, from the Jinja template in its file; libllama-common runs it. Safe for many threads.
class ChatFormat {
  public:
    struct Prompt {
        std::string              text;
        std::vector<std::string> stops;
    };

    // Null when the model brings no template: libllama-common would then take ChatML without saying so.
    static std::unique_ptr<ChatFormat> of(const Model & model);

    // Messages are a JSON array as in OpenAI's chat API. Throws INVALID_REQUEST when the template refuses them.
    Prompt apply(const std::string & messages_json) const;

    ~ChatFormat();

  private:
    struct Templates;

    explicit ChatFormat(std::unique_ptr<Templates> templates);

    std::unique_ptr<Templates> templates;
};

}  // namespace sampo
