#include "daemon/cli/last_session.h"

#include "schemas/wire/client/session.h"

namespace hob::cli {

Result<std::string> last_session(Client& client) {
  wire::SessionList newest;
  newest.limit = 1;
  HOB_TRY(page, client.call<wire::SessionListResult>("session/list", newest));
  if (page.sessions.empty()) return Error(Code::not_found, "There is no session yet. Begin one: hob run \"...\"");
  return page.sessions.front().session_id;
}

Result<std::string> session_named(Client& client, const std::string& word) {
  if (word == "last") return last_session(client);
  return word;
}

}  // namespace hob::cli
