// Transcripts: conversations with the daemon as files, test and manual in one.
//
//   # A comment.
//   --> {"jsonrpc":"2.0","id":1,"method":"session/new","params":{"cwd":"$WORK"}}
//   <-- {"jsonrpc":"2.0","id":1,"result":{"sessionId":"$1"}}
//   --> {"jsonrpc":"2.0","id":2,"method":"session/get","params":{"sessionId":"$1"}}
//   <-- {"jsonrpc":"2.0","id":2,"result":{"session":{"turns":0}}}
//
// `-->! text` sends the text as it stands. A line that comes out is a
// pattern: objects may have more members than it names, "*" fits any value, "$1" any string at its first place and the
// same string afterwards. Messages that no pattern waits for (deltas, progress) are passed over while the next one is
// looked for; `<-- end` waits until the daemon closes.
#pragma once

#include <map>
#include <string>

#include "schemas/base/json.h"

namespace hob::tests {

struct Played {
  std::string difference;  // empty: everything came as it stands there
  std::string actual;      // the transcript with what came
};

/// `names` are $WORDS known from the start.
Played play_transcript(const std::string& file, const std::string& socket, std::map<std::string, std::string> names);

/// Whether `value` fits the pattern; binds names.
bool fits(const Json& pattern, const Json& value, std::map<std::string, std::string>& names);

}  // namespace hob::tests
