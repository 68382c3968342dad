#include "chat_format.h"

#include "chat.h"
#include "failure.h"
#include "model.h"

namespace sampo {

struct ChatFormat::Templates {
    common_chat_templates_ptr all;
};

ChatFormat::ChatFormat(std::unique_ptr<Templates> templates) : templates(std::move(templates)) {}

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
    return std::unique_ptr<ChatFormat>(new ChatFormat(std::move(templates)));
}

ChatFormat::Prompt ChatFormat::apply(const std::string & messages_json) const {
    try {
        common_chat_templates_inputs inputs;
        inputs.messages                 = common_chat_msgs_parse_oaicompat(common_json::parse(messages_json));
        const common_chat_params result = common_chat_templates_apply(templates->all.get(), inputs);
        return { result.prompt, result.additional_stops };
    } catch (const std::exception & refused) {
        throw Failure(Kind::INVALID_REQUEST, std::string("the model's chat template refuses these messages: ") + refused.what());
    }
}

}  // namespace sampo
