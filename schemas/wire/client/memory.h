// memory/*: facts kept for later sessions. Every memory names the turn it came from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/describe/describe.h"

namespace hob::wire {

struct MemoryPut {
  std::string scope = "user";  // user | workspace | session
  std::string text;
  std::vector<std::string> tags;
  std::optional<std::string> key;         // replaces the memory with this key in the scope
  std::optional<std::string> session_id;  // scope session or workspace
  std::optional<std::string> idempotency_key;

  template <typename D>
  static void describe(D& d) {
    d.about("MemoryPut", "");
    d.defaulted("scope", &MemoryPut::scope, "user, workspace or session.");
    d.field("text", &MemoryPut::text, "", {.min_length = 1, .max_length = 8192});
    d.defaulted("tags", &MemoryPut::tags, "", {.max_length = 32});
    d.field("key", &MemoryPut::key, "Replaces the memory with this key.", {.min_length = 1, .max_length = 200});
    d.field("sessionId", &MemoryPut::session_id, "");
    d.field("idempotencyKey", &MemoryPut::idempotency_key, "", {.min_length = 1, .max_length = 200});
  }
};

struct MemoryPutResult {
  std::string id;

  template <typename D>
  static void describe(D& d) {
    d.about("MemoryPutResult", "");
    d.field("id", &MemoryPutResult::id, "");
  }
};

struct MemorySearch {
  std::string query;
  std::optional<std::string> scope;
  std::optional<std::string> session_id;
  uint32_t limit = 5;

  template <typename D>
  static void describe(D& d) {
    d.about("MemorySearch", "");
    d.field("query", &MemorySearch::query, "", {.max_length = 1000});
    d.field("scope", &MemorySearch::scope, "");
    d.field("sessionId", &MemorySearch::session_id, "");
    d.defaulted("limit", &MemorySearch::limit, "", {.min = 1, .max = 100});
  }
};

struct MemoryHit {
  std::string id;
  std::string text;
  std::vector<std::string> tags;
  double score = 0;
  std::string scope;
  std::string created_at;
  std::optional<std::string> session_id;  // where it came from
  std::optional<std::string> turn_id;

  template <typename D>
  static void describe(D& d) {
    d.about("MemoryHit", "");
    d.field("id", &MemoryHit::id, "");
    d.field("text", &MemoryHit::text, "");
    d.defaulted("tags", &MemoryHit::tags, "");
    d.field("score", &MemoryHit::score, "");
    d.defaulted("scope", &MemoryHit::scope, "");
    d.defaulted("createdAt", &MemoryHit::created_at, "");
    d.field("sessionId", &MemoryHit::session_id, "");
    d.field("turnId", &MemoryHit::turn_id, "");
  }
};

struct MemorySearchResult {
  std::vector<MemoryHit> memories;

  template <typename D>
  static void describe(D& d) {
    d.about("MemorySearchResult", "");
    d.field("memories", &MemorySearchResult::memories, "");
  }
};

}  // namespace hob::wire
