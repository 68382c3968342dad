// The door between Java and the rest of this folder: converts arguments, owns nothing. Every entry ends a C++ exception in one
// EngineException. Handles are pointers that Java got from here and gives back once.

#include <jni.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "adapter.h"
#include "chat_format.h"
#include "context.h"
#include "embedder.h"
#include "failure.h"
#include "log_capture.h"
#include "model.h"
#include "sampler.h"

using namespace sampo;

namespace {

constexpr int KINDS = 6;

// Filled once in JNI_OnLoad.
struct JavaTypes {
    jclass    exception;
    jmethodID exception_init;
    jobject   kinds[KINDS];
    jclass    object;
    jclass    bytes;
} java;

// A Java exception is pending already; unwinds to the entry.
struct JavaPending {};

void check(JNIEnv * env) {
    if (env->ExceptionCheck()) {
        throw JavaPending();
    }
}

// Never fails with a C++ exception: it runs inside catch clauses.
void raise(JNIEnv * env, Kind kind, const char * message) noexcept {
    // Messages quote file contents, which NewStringUTF would take for modified UTF-8: keep ASCII.
    char   text[1024];
    size_t length = 0;
    for (; message[length] && length < sizeof(text) - 1; length++) {
        const unsigned char byte = message[length];
        text[length]             = byte >= 0x20 && byte < 0x7f ? (char) byte : '?';
    }
    text[length] = 0;
    if (jstring string = env->NewStringUTF(text)) {
        jobject exception = env->NewObject(java.exception, java.exception_init, java.kinds[(int) kind], string);
        if (exception) {
            env->Throw((jthrowable) exception);
        }
    }
}

template <typename Body> auto guarded(JNIEnv * env, Body body) -> decltype(body()) {
    try {
        return body();
    } catch (const JavaPending &) {
    } catch (const Failure & failure) {
        raise(env, failure.kind, failure.what());
    } catch (const std::bad_alloc &) {
        raise(env, Kind::OUT_OF_MEMORY, "native memory is exhausted");
    } catch (const std::exception & other) {
        raise(env, Kind::INTERNAL, other.what());
    } catch (...) {
        raise(env, Kind::INTERNAL, "native code failed in an unknown way");
    }
    return decltype(body())();
}

std::string text_of(JNIEnv * env, jbyteArray bytes) {
    std::string text(env->GetArrayLength(bytes), '\0');
    env->GetByteArrayRegion(bytes, 0, (jsize) text.size(), (jbyte *) &text[0]);
    check(env);
    return text;
}

jbyteArray bytes_of(JNIEnv * env, const std::string & text) {
    jbyteArray bytes = env->NewByteArray((jsize) text.size());
    check(env);
    env->SetByteArrayRegion(bytes, 0, (jsize) text.size(), (const jbyte *) text.data());
    return bytes;
}

std::vector<jint> ints_of(JNIEnv * env, jintArray array) {
    std::vector<jint> values(env->GetArrayLength(array));
    env->GetIntArrayRegion(array, 0, (jsize) values.size(), values.data());
    check(env);
    return values;
}

jintArray array_of(JNIEnv * env, const std::vector<jint> & values) {
    jintArray array = env->NewIntArray((jsize) values.size());
    check(env);
    env->SetIntArrayRegion(array, 0, (jsize) values.size(), values.data());
    return array;
}

jlongArray long_array_of(JNIEnv * env, const std::vector<int64_t> & values) {
    jlongArray array = env->NewLongArray((jsize) values.size());
    check(env);
    env->SetLongArrayRegion(array, 0, (jsize) values.size(), (const jlong *) values.data());
    return array;
}

jclass global_class(JNIEnv * env, const char * name) {
    jclass local = env->FindClass(name);
    return local ? (jclass) env->NewGlobalRef(local) : nullptr;
}

template <typename T> void set_column(JNIEnv * env, jobjectArray columns, int at, std::vector<T> & column) {
    jobject buffer = env->NewDirectByteBuffer(column.data(), (jlong) (column.size() * sizeof(T)));
    check(env);
    env->SetObjectArrayElement(columns, at, buffer);
    check(env);
}

std::string text_or_empty(JNIEnv * env, jbyteArray bytes) {
    return bytes ? text_of(env, bytes) : std::string();
}

std::vector<std::string> texts_of(JNIEnv * env, jobjectArray array) {
    std::vector<std::string> texts;
    for (jsize i = 0; i < env->GetArrayLength(array); i++) {
        auto text = (jbyteArray) env->GetObjectArrayElement(array, i);
        check(env);
        texts.push_back(text_of(env, text));
        env->DeleteLocalRef(text);
    }
    return texts;
}

jobjectArray arrays_of(JNIEnv * env, const std::vector<std::string> & texts) {
    jobjectArray array = env->NewObjectArray((jsize) texts.size(), java.bytes, nullptr);
    check(env);
    for (size_t i = 0; i < texts.size(); i++) {
        jbyteArray text = bytes_of(env, texts[i]);
        env->SetObjectArrayElement(array, (jsize) i, text);
        env->DeleteLocalRef(text);
    }
    return array;
}

GrammarSettings grammar_of(JNIEnv * env, jbyteArray text, jboolean lazy, jobjectArray words, jobjectArray patterns, jintArray tokens,
                           jintArray prefill) {
    return { text_of(env, text),     lazy == JNI_TRUE,     texts_of(env, words),
             texts_of(env, patterns), ints_of(env, tokens), ints_of(env, prefill) };
}

std::vector<llama_logit_bias> biases_of(JNIEnv * env, jintArray ids, jfloatArray shifts) {
    const std::vector<jint> tokens = ints_of(env, ids);
    std::vector<jfloat>     values(tokens.size());
    env->GetFloatArrayRegion(shifts, 0, (jsize) values.size(), values.data());
    check(env);
    std::vector<llama_logit_bias> biases;
    for (size_t i = 0; i < tokens.size(); i++) {
        biases.push_back({ tokens[i], values[i] });
    }
    return biases;
}

}  // namespace

#define ENTRY(type, name) extern "C" JNIEXPORT type JNICALL Java_io_sampo_engines_llamacpp_jni_##name

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM * vm, void *) {
    JNIEnv * env = nullptr;
    if (vm->GetEnv((void **) &env, JNI_VERSION_10) != JNI_OK) {
        return JNI_ERR;
    }
    java.exception = global_class(env, "io/sampo/engines/spi/EngineException");
    java.object    = global_class(env, "java/lang/Object");
    java.bytes     = global_class(env, "[B");
    jclass kind    = env->FindClass("io/sampo/engines/spi/EngineException$Kind");
    if (!java.exception || !java.object || !java.bytes || !kind) {
        return JNI_ERR;
    }
    java.exception_init = env->GetMethodID(java.exception, "<init>", "(Lio/sampo/engines/spi/EngineException$Kind;Ljava/lang/String;)V");
    jmethodID all       = env->GetStaticMethodID(kind, "values", "()[Lio/sampo/engines/spi/EngineException$Kind;");
    if (!java.exception_init || !all) {
        return JNI_ERR;
    }
    auto kinds = (jobjectArray) env->CallStaticObjectMethod(kind, all);
    if (!kinds || env->GetArrayLength(kinds) != KINDS) {
        return JNI_ERR;
    }
    for (int i = 0; i < KINDS; i++) {
        java.kinds[i] = env->NewGlobalRef(env->GetObjectArrayElement(kinds, i));
    }
    return JNI_VERSION_10;
}

// --- NativeLibrary

ENTRY(void, NativeLibrary_start)(JNIEnv * env, jclass, jbyteArray folder) {
    guarded(env, [&] { backends_init(text_of(env, folder)); });
}

ENTRY(jbyteArray, NativeLibrary_drainLog)(JNIEnv * env, jclass) {
    return guarded(env, [&] { return bytes_of(env, log_drain()); });
}

ENTRY(jbyteArray, NativeLibrary_gpus)(JNIEnv * env, jclass) {
    return guarded(env, [&] { return bytes_of(env, Model::devices()); });
}

ENTRY(jlongArray, NativeLibrary_gpuFreeBytes)(JNIEnv * env, jclass) {
    return guarded(env, [&] {
        return long_array_of(env, Model::free_bytes());
    });
}

ENTRY(jbyteArray, NativeLibrary_kernelVariants)(JNIEnv * env, jclass) {
    return guarded(env, [&] {
        std::string names;
        for (const auto & variant : kernels::plugged_in().variants) {
            names += (names.empty() ? "" : ",") + variant;
        }
        return bytes_of(env, names);
    });
}

ENTRY(jbyteArray, NativeLibrary_kernelTrouble)(JNIEnv * env, jclass) {
    return guarded(env, [&] { return bytes_of(env, kernels::plugged_in().trouble); });
}

ENTRY(void, NativeLibrary_quantize)(JNIEnv * env, jclass, jbyteArray from, jbyteArray to, jbyteArray type, jint threads) {
    guarded(env, [&] { quantize(text_of(env, from), text_of(env, to), text_of(env, type), threads); });
}

// --- NativeModel

ENTRY(jlong, NativeModel_load)
(JNIEnv * env, jclass, jbyteArray path, jboolean vocabulary_only, jbyteArray kernels, jint gpu_layers, jfloatArray tensor_split) {
    return guarded(env, [&] {
        ModelSettings settings = { vocabulary_only == JNI_TRUE, gpu_layers, {}, text_of(env, kernels) };
        settings.tensor_split.resize(env->GetArrayLength(tensor_split));
        env->GetFloatArrayRegion(tensor_split, 0, (jsize) settings.tensor_split.size(), settings.tensor_split.data());
        check(env);
        return (jlong) new Model(text_of(env, path), settings);
    });
}

ENTRY(jbyteArray, NativeModel_kernelVariant)(JNIEnv * env, jclass, jlong model) {
    return guarded(env, [&] { return bytes_of(env, ((Model *) model)->taken().variant); });
}

// Matrices, their bytes in the file, and packed.
ENTRY(jlongArray, NativeModel_kernelCounts)(JNIEnv * env, jclass, jlong model) {
    return guarded(env, [&] {
        const kernels::Taken & taken = ((Model *) model)->taken();
        return long_array_of(env, { taken.matrices, taken.file_bytes, taken.packed_bytes });
    });
}

ENTRY(void, NativeModel_free)(JNIEnv * env, jclass, jlong model) {
    guarded(env, [&] { delete (Model *) model; });
}

ENTRY(jint, NativeModel_vocabularySize)(JNIEnv *, jclass, jlong model) {
    return llama_vocab_n_tokens(((Model *) model)->vocabulary());
}

ENTRY(jintArray, NativeModel_endTokens)(JNIEnv * env, jclass, jlong handle) {
    return guarded(env, [&] {
        const Model &     model = *(Model *) handle;
        const int32_t     count = llama_vocab_n_tokens(model.vocabulary());
        std::vector<jint> ends;
        for (llama_token token = 0; token < count; token++) {
            if (llama_vocab_is_eog(model.vocabulary(), token)) {
                ends.push_back(token);
            }
        }
        return array_of(env, ends);
    });
}

// Prefix, suffix, middle, repository, file, and the token that begins every prompt; -1 where the model has none.
ENTRY(jintArray, NativeModel_fillInTokens)(JNIEnv * env, jclass, jlong handle) {
    return guarded(env, [&] {
        const llama_vocab * vocabulary = ((const Model *) handle)->vocabulary();
        const llama_token   begin      = llama_vocab_get_add_bos(vocabulary) ? llama_vocab_bos(vocabulary) : LLAMA_TOKEN_NULL;
        return array_of(env, { llama_vocab_fim_pre(vocabulary), llama_vocab_fim_suf(vocabulary), llama_vocab_fim_mid(vocabulary),
                               llama_vocab_fim_rep(vocabulary), llama_vocab_fim_sep(vocabulary), begin });
    });
}

// The pieces of all tokens, one after the other, and where each begins and the last one ends.
ENTRY(jobjectArray, NativeModel_pieces)(JNIEnv * env, jclass, jlong handle, jboolean special) {
    return guarded(env, [&] {
        const Model &     model = *(Model *) handle;
        const int32_t     count = llama_vocab_n_tokens(model.vocabulary());
        std::string       all;
        std::vector<jint> starts;
        for (llama_token token = 0; token < count; token++) {
            starts.push_back((jint) all.size());
            all += model.piece(token, special == JNI_TRUE);
        }
        starts.push_back((jint) all.size());
        jobjectArray result = env->NewObjectArray(2, java.object, nullptr);
        check(env);
        env->SetObjectArrayElement(result, 0, bytes_of(env, all));
        env->SetObjectArrayElement(result, 1, array_of(env, starts));
        return result;
    });
}

ENTRY(jintArray, NativeModel_tokenize)(JNIEnv * env, jclass, jlong model, jbyteArray text, jboolean add_special, jboolean parse_special) {
    return guarded(env, [&] {
        return array_of(env, ((Model *) model)->tokenize(text_of(env, text), add_special == JNI_TRUE, parse_special == JNI_TRUE));
    });
}

ENTRY(jlong, NativeModel_openChat)(JNIEnv * env, jclass, jlong model) {
    return guarded(env, [&] { return (jlong) ChatFormat::of(*(Model *) model).release(); });
}

// The tokens that a pair for ranking is put between: begin, end, separator; -1 where the model adds none.
ENTRY(jintArray, NativeModel_rankMarks)(JNIEnv * env, jclass, jlong model) {
    return guarded(env, [&] {
        const llama_vocab * vocabulary = ((Model *) model)->vocabulary();
        const llama_token   separator  = llama_vocab_sep(vocabulary);
        const llama_token   end        = llama_vocab_eos(vocabulary);
        return array_of(env, { llama_vocab_get_add_bos(vocabulary) ? llama_vocab_bos(vocabulary) : LLAMA_TOKEN_NULL,
                               llama_vocab_get_add_eos(vocabulary) ? (end == LLAMA_TOKEN_NULL ? separator : end) : LLAMA_TOKEN_NULL,
                               llama_vocab_get_add_sep(vocabulary) ? separator : LLAMA_TOKEN_NULL });
    });
}

// The model's own text for a pair, empty where it brings none.
ENTRY(jbyteArray, NativeModel_rankTemplate)(JNIEnv * env, jclass, jlong model) {
    return guarded(env, [&] {
        const char * text = llama_model_chat_template(((Model *) model)->raw(), "rerank");
        return bytes_of(env, text ? text : "");
    });
}

// Text, stops, grammar, trigger words, trigger patterns, trigger tokens, prefill, shown tokens, format, {lazy}.
ENTRY(jobjectArray, NativeModel_applyChat)
(JNIEnv * env, jclass, jlong chat, jbyteArray messages, jbyteArray tools, jint tool_choice, jboolean parallel, jbyteArray schema,
 jbyteArray grammar, jboolean split_reasoning, jobjectArray arguments) {
    return guarded(env, [&] {
        ChatFormat::Request request;
        request.messages            = text_of(env, messages);
        request.tools               = text_or_empty(env, tools);
        request.tool_choice         = tool_choice;
        request.parallel_tool_calls = parallel == JNI_TRUE;
        request.json_schema         = text_or_empty(env, schema);
        request.grammar             = text_or_empty(env, grammar);
        request.split_reasoning     = split_reasoning == JNI_TRUE;
        const auto names_and_values = texts_of(env, arguments);
        for (size_t i = 0; i + 1 < names_and_values.size(); i += 2) {
            request.template_arguments[names_and_values[i]] = names_and_values[i + 1];
        }
        const ChatFormat::Prompt prompt = ((ChatFormat *) chat)->apply(request);
        const jobject            parts[] = { bytes_of(env, prompt.text),
                                             arrays_of(env, prompt.stops),
                                             bytes_of(env, prompt.grammar.text),
                                             arrays_of(env, prompt.grammar.words),
                                             arrays_of(env, prompt.grammar.patterns),
                                             array_of(env, prompt.grammar.tokens),
                                             array_of(env, prompt.grammar.prefill),
                                             array_of(env, prompt.shown),
                                             bytes_of(env, prompt.format),
                                             array_of(env, { prompt.grammar.lazy }) };
        jobjectArray result = env->NewObjectArray(10, java.object, nullptr);
        check(env);
        for (jsize i = 0; i < 10; i++) {
            env->SetObjectArrayElement(result, i, parts[i]);
        }
        return result;
    });
}

// Content, reasoning, then identifier, name and arguments of each call.
ENTRY(jobjectArray, NativeModel_parseAnswer)(JNIEnv * env, jclass, jlong chat, jbyteArray format, jbyteArray text, jboolean partial) {
    return guarded(env, [&] {
        const ChatFormat::Answer answer = ((ChatFormat *) chat)->parse(text_of(env, format), text_of(env, text), partial == JNI_TRUE);
        std::vector<std::string> parts  = { answer.content, answer.reasoning };
        for (const auto & call : answer.tool_calls) {
            parts.insert(parts.end(), { call.id, call.name, call.arguments });
        }
        return arrays_of(env, parts);
    });
}

ENTRY(jbyteArray, NativeModel_grammarOf)(JNIEnv * env, jclass, jbyteArray schema) {
    return guarded(env, [&] { return bytes_of(env, grammar_of_schema(text_of(env, schema))); });
}

ENTRY(void, NativeModel_compile)
(JNIEnv * env, jclass, jlong model, jbyteArray text, jboolean lazy, jobjectArray words, jobjectArray patterns, jintArray tokens,
 jintArray prefill) {
    guarded(env, [&] { ((Model *) model)->grammars().fresh(grammar_of(env, text, lazy, words, patterns, tokens, prefill)); });
}

ENTRY(void, NativeModel_freeChat)(JNIEnv * env, jclass, jlong chat) {
    guarded(env, [&] { delete (ChatFormat *) chat; });
}

// --- NativeAdapter

ENTRY(jlong, NativeAdapter_load)(JNIEnv * env, jclass, jlong model, jbyteArray path, jfloat scale) {
    return guarded(env, [&] { return (jlong) new Adapter(*(Model *) model, text_of(env, path), scale); });
}

ENTRY(void, NativeAdapter_free)(JNIEnv * env, jclass, jlong adapter) {
    guarded(env, [&] { delete (Adapter *) adapter; });
}

// --- NativeSampler

ENTRY(jlong, NativeSampler_create)
(JNIEnv * env, jclass, jlong model, jfloat temperature, jint top_k, jfloat top_p, jfloat min_p, jfloat typical_p, jfloat repeat_penalty,
 jint repeat_last, jfloat frequency_penalty, jfloat presence_penalty, jlong seed, jint choice, jintArray bias_ids, jfloatArray bias_shifts,
 jboolean ignore_end, jint top_logprobs, jintArray history, jint recited) {
    return guarded(env, [&] {
        SamplerSettings settings;
        settings.temperature             = temperature;
        settings.top_k                   = top_k;
        settings.top_p                   = top_p;
        settings.min_p                   = min_p;
        settings.typical_p               = typical_p;
        settings.repeat_penalty          = repeat_penalty;
        settings.repeat_last             = repeat_last;
        settings.frequency_penalty       = frequency_penalty;
        settings.presence_penalty        = presence_penalty;
        settings.seed                    = (uint64_t) seed;
        settings.choice                  = (uint64_t) choice;
        settings.biases                  = biases_of(env, bias_ids, bias_shifts);
        settings.ignore_end              = ignore_end == JNI_TRUE;
        settings.top_logprobs            = top_logprobs;
        const std::vector<jint> remember = ints_of(env, history);
        settings.recited                 = recited;
        return (jlong) new Sampler(((Model *) model)->vocabulary(), settings, remember.data(), remember.size());
    });
}

// The same under a grammar, which has passed the last tokens of the history already.
ENTRY(void, NativeSampler_obey)
(JNIEnv * env, jclass, jlong sampler, jlong handle, jbyteArray text, jboolean lazy, jobjectArray words, jobjectArray patterns,
 jintArray tokens, jintArray prefill, jintArray passed) {
    guarded(env, [&] {
        Model & model   = *(Model *) handle;
        auto    grammar = std::make_unique<GrammarState>(model.grammars(), model.vocabulary(),
                                                         grammar_of(env, text, lazy, words, patterns, tokens, prefill));
        for (const jint token : ints_of(env, passed)) {
            grammar->accept(token);
        }
        ((Sampler *) sampler)->obey(std::move(grammar));
    });
}

ENTRY(void, NativeSampler_free)(JNIEnv * env, jclass, jlong sampler) {
    guarded(env, [&] { delete (Sampler *) sampler; });
}

// --- NativeContext

ENTRY(jlong, NativeContext_create)
(JNIEnv * env, jclass, jlong model, jlong threads_of, jint cells, jint max_sequences, jint batch_tokens, jint ubatch_tokens, jint drafted_tokens,
 jint threads, jint kv_type, jint flash_attention, jboolean unified) {
    return guarded(env, [&] {
        const ContextSettings settings = { cells,   max_sequences, batch_tokens,    ubatch_tokens,      drafted_tokens,
                                           threads, kv_type,       flash_attention, unified == JNI_TRUE };
        return (jlong) new Context(*(Model *) model, settings, (const Context *) threads_of);
    });
}

ENTRY(void, NativeContext_free)(JNIEnv * env, jclass, jlong context) {
    guarded(env, [&] { delete (Context *) context; });
}

ENTRY(jobjectArray, NativeContext_columns)(JNIEnv * env, jclass, jlong context) {
    return guarded(env, [&] {
        StepColumns & c      = ((Context *) context)->columns;
        jobjectArray  result = env->NewObjectArray(9, java.object, nullptr);
        check(env);
        set_column(env, result, 0, c.token);
        set_column(env, result, 1, c.position);
        set_column(env, result, 2, c.sequence);
        set_column(env, result, 3, c.sampler);
        set_column(env, result, 4, c.index);
        set_column(env, result, 5, c.chosen);
        set_column(env, result, 6, c.logprob);
        set_column(env, result, 7, c.top_ids);
        set_column(env, result, 8, c.top_logprobs);
        return result;
    });
}

ENTRY(jint, NativeContext_step)(JNIEnv * env, jclass, jlong context, jint rows, jint split) {
    return guarded(env, [&] { return (jint) ((Context *) context)->step(rows, split); });
}

ENTRY(void, NativeContext_use)(JNIEnv * env, jclass, jlong context, jlong adapter) {
    guarded(env, [&] { ((Context *) context)->use((Adapter *) adapter); });
}

ENTRY(jboolean, NativeContext_collapseNext)(JNIEnv * env, jclass, jlong context) {
    return guarded(env, [&] { return (jboolean) ((Context *) context)->collapse_next(); });
}

ENTRY(void, NativeContext_interrupt)(JNIEnv *, jclass, jlong context) {
    ((Context *) context)->interrupt();
}

ENTRY(jboolean, NativeContext_forget)(JNIEnv * env, jclass, jlong context, jint sequence, jint from) {
    return guarded(env, [&] { return (jboolean) ((Context *) context)->forget(sequence, from); });
}

ENTRY(void, NativeContext_share)(JNIEnv * env, jclass, jlong context, jint from, jint to, jint tokens) {
    guarded(env, [&] { ((Context *) context)->share(from, to, tokens); });
}

ENTRY(jboolean, NativeContext_cutsAnywhere)(JNIEnv *, jclass, jlong context) {
    return (jboolean) ((Context *) context)->cuts_anywhere();
}

// --- NativeState

ENTRY(jint, NativeState_kind)(JNIEnv * env, jclass, jlong context) {
    return guarded(env, [&] { return (jint) ((Context *) context)->state_kind(); });
}

ENTRY(jlong, NativeState_copyOut)
(JNIEnv * env, jclass, jlong context, jint sequence, jint carrier, jint begin, jint end, jobject into, jlong bytes) {
    return guarded(env, [&] {
        auto * memory = (uint8_t *) env->GetDirectBufferAddress(into);
        return (jlong) ((Context *) context)->copy_out(sequence, carrier, begin, end, memory, (size_t) bytes);
    });
}

ENTRY(void, NativeState_copyIn)(JNIEnv * env, jclass, jlong context, jobject state, jlong bytes, jint carrier, jint sequence) {
    guarded(env, [&] {
        const auto * memory = (const uint8_t *) env->GetDirectBufferAddress(state);
        ((Context *) context)->copy_in(memory, (size_t) bytes, carrier, sequence);
    });
}

ENTRY(jbyteArray, NativeState_version)(JNIEnv * env, jclass) {
    return guarded(env, [&] { return bytes_of(env, llama_version()); });
}

// --- NativeEmbedder

ENTRY(jlong, NativeEmbedder_create)
(JNIEnv * env, jclass, jlong model, jint batch_tokens, jint max_inputs, jint threads, jint flash_attention, jint pooling) {
    return guarded(env, [&] {
        const EmbedderSettings settings = { batch_tokens, max_inputs, threads, flash_attention, pooling };
        return (jlong) new Embedder(*(Model *) model, settings);
    });
}

ENTRY(void, NativeEmbedder_free)(JNIEnv * env, jclass, jlong embedder) {
    guarded(env, [&] { delete (Embedder *) embedder; });
}

ENTRY(jobjectArray, NativeEmbedder_columns)(JNIEnv * env, jclass, jlong embedder) {
    return guarded(env, [&] {
        EmbedderColumns & c      = ((Embedder *) embedder)->columns;
        jobjectArray      result = env->NewObjectArray(4, java.object, nullptr);
        check(env);
        set_column(env, result, 0, c.token);
        set_column(env, result, 1, c.position);
        set_column(env, result, 2, c.input);
        set_column(env, result, 3, c.vector);
        return result;
    });
}

ENTRY(jint, NativeEmbedder_vectorLength)(JNIEnv *, jclass, jlong embedder) {
    return ((Embedder *) embedder)->vector_length();
}

ENTRY(jint, NativeEmbedder_compute)(JNIEnv * env, jclass, jlong embedder, jint rows, jint inputs) {
    return guarded(env, [&] { return (jint) ((Embedder *) embedder)->compute(rows, inputs); });
}

ENTRY(void, NativeEmbedder_interrupt)(JNIEnv *, jclass, jlong embedder) {
    ((Embedder *) embedder)->interrupt();
}
