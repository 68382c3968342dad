#pragma once

#include <string>

namespace sampo {

// llama.cpp reports the reason of a failure only to its log. Nothing goes to standard error: errors of this thread are captured
// for the message of a failed call, and a bounded number of warnings and errors is kept until Java asks for them.
void log_init();

// Starts capturing on this thread.
class LogCapture {
  public:
    LogCapture();
    ~LogCapture();

    // The errors so far, joined by "; ", or the fallback when there were none.
    std::string errors(const std::string & fallback) const;

  private:
    std::string text;
    std::string * outer;
};

// The lines kept since the last call, each ended by a newline.
std::string log_drain();

}  // namespace sampo
