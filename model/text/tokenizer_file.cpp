#include "model/text/tokenizer_file.h"

#include <charconv>
#include <optional>
#include <unordered_map>

#include "schemas/base/json.h"

namespace hob::text {
namespace {

constexpr size_t kMaxMembers = 1000;      // of one object outside the vocabulary
constexpr size_t kMaxTreeNodes = 2'000'000;
constexpr std::string_view kSpaceMark = "\u2581";

Error bad(std::string_view field, std::string_view what) {
  return Error(Code::model_failed, std::string(field) + ": " + std::string(what));
}

std::string in_quotes(std::string_view text) {
  std::string shown = json::dump(Json(std::string(text.substr(0, 60))));
  if (text.size() > 60) shown += "...";
  return shown;
}

// Builds a small tree of everything but model.vocab and model.merges, which go straight to their lists.
class FileReader : public json::Events {
 public:
  Json tree;
  StringList vocab_texts;
  std::vector<uint32_t> vocab_ids;
  StringList merges;
  bool has_vocab = false;
  bool has_merges = false;

  Result<void> null() override { return value(nullptr, "null"); }
  Result<void> boolean(bool value_) override { return value(value_, "a boolean"); }

  Result<void> number(std::string_view lexeme) override {
    if (place_ == Place::vocab) return vocab_id(lexeme);
    if (place_ != Place::tree) return wrong_merge("a number");
    uint64_t whole = 0;
    const auto [end, code] = std::from_chars(lexeme.data(), lexeme.data() + lexeme.size(), whole);
    if (code == std::errc() && end == lexeme.data() + lexeme.size()) return add(whole);
    return add(std::string(lexeme));  // no field that is read takes such a number: it will be named as text
  }

  Result<void> string(std::string value_) override {
    switch (place_) {
      case Place::tree:
        return add(std::move(value_));
      case Place::vocab:
        return bad("model.vocab", "the id of " + in_quotes(key_) + " must be a number, got a string");
      case Place::merges:
        return merge_text(value_);
      case Place::pair:
        if (++in_pair_ > 2) return wrong_merge("more than two pieces");
        return merge_half(value_);
    }
    return {};
  }

  Result<void> begin_object() override {
    if (place_ == Place::vocab) return bad("model.vocab", "the id of " + in_quotes(key_) + " must be a number");
    if (place_ != Place::tree) return wrong_merge("an object");
    if (is_model_member("vocab")) {
      has_vocab = true;
      place_ = Place::vocab;
      return {};
    }
    if (is_model_member("merges")) return bad("model.merges", "must be an array, got an object");
    HOB_TRY_VOID(add(Json::object()));
    return enter();
  }

  Result<void> key(std::string key) override {
    key_ = std::move(key);
    return {};
  }

  Result<void> end_object() override {
    if (place_ == Place::vocab) {
      place_ = Place::tree;
    } else {
      open_.pop_back();
    }
    return {};
  }

  Result<void> begin_array() override {
    if (place_ == Place::vocab) return bad("model.vocab", "the id of " + in_quotes(key_) + " must be a number");
    if (place_ == Place::pair) return wrong_merge("an array in a pair");
    if (place_ == Place::merges) {
      place_ = Place::pair;
      pair_rank_ = merges.size() / 2;
      in_pair_ = 0;
      return {};
    }
    if (is_model_member("merges")) {
      has_merges = true;
      place_ = Place::merges;
      return {};
    }
    if (is_model_member("vocab")) return bad("model.vocab", "must be an object (BPE), got an array");
    HOB_TRY_VOID(add(Json::array()));
    return enter();
  }

  Result<void> end_array() override {
    if (place_ == Place::pair) {
      if (in_pair_ != 2) return wrong_merge("a pair of fewer than two pieces");
      place_ = Place::merges;
    } else if (place_ == Place::merges) {
      place_ = Place::tree;
    } else {
      open_.pop_back();
    }
    return {};
  }

 private:
  enum class Place { tree, vocab, merges, pair };

  bool is_model_member(std::string_view name) const {
    return open_.size() == 2 && key_ == name && parent_key_ == "model" && open_[1]->is_object();
  }

  Result<void> enter() {
    if (open_.size() == 1) parent_key_ = key_;
    open_.push_back(last_);
    return {};
  }

  Result<void> value(Json scalar, std::string_view what) {
    if (place_ == Place::vocab) {
      return bad("model.vocab", "the id of " + in_quotes(key_) + " must be a number, got " + std::string(what));
    }
    if (place_ != Place::tree) return wrong_merge(what);
    return add(std::move(scalar));
  }

  // Appends to the innermost open array or object and remembers where it lies.
  Result<void> add(Json value) {
    if (++nodes_ > kMaxTreeNodes) return bad("tokenizer", "more than 2,000,000 values outside the vocabulary");
    if (open_.empty()) {
      tree = std::move(value);
      last_ = &tree;
      return {};
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      last_ = &parent.back();
      return {};
    }
    if (is_model_member("vocab")) return bad("model.vocab", "must be an object from piece to id");
    if (is_model_member("merges")) return bad("model.merges", "must be an array");
    if (parent.size() >= kMaxMembers) return bad(key_, "its object has more than 1000 members");
    last_ = &(parent[key_] = std::move(value));
    return {};
  }

  Result<void> vocab_id(std::string_view lexeme) {
    uint32_t id = 0;
    const auto [end, code] = std::from_chars(lexeme.data(), lexeme.data() + lexeme.size(), id);
    if (code != std::errc() || end != lexeme.data() + lexeme.size() || id >= kMaxPieces) {
      return bad(
          "model.vocab",
          "the id of " + in_quotes(key_) + " must be a whole number below 2,000,000, got " +
              std::string(lexeme.substr(0, 40))
      );
    }
    if (key_.empty()) return bad("model.vocab", "an empty piece has the id " + std::to_string(id));
    if (key_.size() > kMaxPieceBytes) {
      return bad("model.vocab", "the piece " + in_quotes(key_) + " is longer than 4096 bytes");
    }
    vocab_texts.add(key_);
    vocab_ids.push_back(id);
    return {};
  }

  Error wrong_merge(std::string_view what) const {
    return bad(
        "model.merges[" + std::to_string(place_ == Place::pair ? pair_rank_ : merges.size() / 2) + "]",
        "wanted \"a b\" or [\"a\", \"b\"], got " + std::string(what)
    );
  }

  Result<void> merge_text(const std::string& text) {
    const size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
      return wrong_merge(in_quotes(text));
    }
    HOB_TRY_VOID(merge_half(std::string_view(text).substr(0, space)));
    return merge_half(std::string_view(text).substr(space + 1));
  }

  Result<void> merge_half(std::string_view piece) {
    if (merges.size() / 2 >= kMaxMerges) return bad("model.merges", "more than 8,000,000 merges");
    if (piece.empty() || piece.size() > kMaxPieceBytes) return wrong_merge("a piece of no or over 4096 bytes");
    merges.add(piece);
    return {};
  }

  Place place_ = Place::tree;
  std::vector<Json*> open_;
  Json* last_ = nullptr;
  std::string key_;
  std::string parent_key_;  // the key under which the second level was opened
  size_t pair_rank_ = 0;
  int in_pair_ = 0;
  size_t nodes_ = 0;
};

const Json& member(const Json& object, std::string_view key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(std::string(key));
  return found == object.end() ? kNull : *found;
}

bool is_text(const Json& value, std::string_view wanted) {
  return value.is_string() && value.get_ref<const std::string&>() == wanted;
}

bool is_replace(const Json& step, std::string_view from, std::string_view to) {
  return is_text(member(step, "type"), "Replace") &&
         is_text(member(member(step, "pattern"), "String"), from) && is_text(member(step, "content"), to);
}

Result<void> check_model(const Json& model) {
  if (!model.is_object()) return bad("model", "wanted an object, got " + json::brief(model));
  const Json& type = member(model, "type");
  if (!is_text(type, "BPE")) return bad("model.type", "only \"BPE\" is supported, got " + json::brief(type));
  const auto must_be = [&model](std::string_view key, const Json& wanted) -> Result<void> {
    const Json& found = member(model, key);
    if (found == wanted || found.is_null()) return {};
    return bad(
        "model." + std::string(key), "only " + json::dump(wanted) + " is supported, got " + json::brief(found)
    );
  };
  HOB_TRY_VOID(must_be("dropout", nullptr));
  HOB_TRY_VOID(must_be("continuing_subword_prefix", ""));
  HOB_TRY_VOID(must_be("end_of_word_suffix", ""));
  HOB_TRY_VOID(must_be("ignore_merges", false));
  const Json& fallback = member(model, "byte_fallback");
  if (fallback != Json(true)) {
    return bad("model.byte_fallback", "only true is supported, got " + json::brief(fallback));
  }
  return {};
}

Result<void> check_steps(const Json& tree) {
  const Json& normalizer = member(tree, "normalizer");
  const Json* step = &normalizer;
  if (is_text(member(normalizer, "type"), "Sequence")) {
    const Json& steps = member(normalizer, "normalizers");
    if (steps.is_array() && steps.size() == 1) step = &steps[0];
  }
  if (!is_replace(*step, " ", kSpaceMark)) {
    return bad(
        "normalizer", "only the replacement of each space by U+2581 is supported, got " + json::brief(normalizer)
    );
  }
  const Json& splitter = member(tree, "pre_tokenizer");
  const bool no_op = splitter.is_null() || (is_text(member(splitter, "type"), "Split") &&
                                            is_text(member(member(splitter, "pattern"), "String"), " "));
  if (!no_op) {
    return bad(
        "pre_tokenizer", "only null or a split at spaces (which are gone by then) is supported, got " +
                             json::brief(splitter)
    );
  }
  const Json& decoder = member(tree, "decoder");
  const Json& steps = member(decoder, "decoders");
  const bool known = is_text(member(decoder, "type"), "Sequence") && steps.is_array() && steps.size() == 3 &&
                     is_replace(steps[0], kSpaceMark, " ") &&
                     is_text(member(steps[1], "type"), "ByteFallback") &&
                     is_text(member(steps[2], "type"), "Fuse");
  if (!known) {
    return bad(
        "decoder", "only the sequence Replace (U+2581 by a space), ByteFallback, Fuse is supported, got " +
                       json::brief(decoder)
    );
  }
  return {};
}

Result<AddedToken> read_added(const Json& entry, const std::string& field) {
  if (!entry.is_object()) return bad(field, "wanted an object, got " + json::brief(entry));
  AddedToken token;
  const Json& id = member(entry, "id");
  if (!id.is_number_unsigned() || id.get<uint64_t>() >= kMaxPieces) {
    return bad(field + ".id", "wanted a whole number below 2,000,000, got " + json::brief(id));
  }
  token.id = static_cast<Token>(id.get<uint64_t>());
  const Json& content = member(entry, "content");
  if (!content.is_string() || content.get_ref<const std::string&>().empty()) {
    return bad(field + ".content", "wanted a text, got " + json::brief(content));
  }
  token.content = content.get<std::string>();
  if (token.content.size() > kMaxAddedTokenBytes) {
    return bad(field + ".content", "is longer than 256 bytes: " + in_quotes(token.content));
  }
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) {
    const Json& value = member(entry, flag);
    if (!value.is_null() && value != Json(false)) {
      return bad(field + "." + flag, "only false is supported, got " + json::brief(value));
    }
  }
  const Json& special = member(entry, "special");
  if (!special.is_null() && !special.is_boolean()) {
    return bad(field + ".special", "wanted true or false, got " + json::brief(special));
  }
  token.special = special == Json(true);
  return token;
}

Result<std::vector<AddedToken>> read_all_added(const Json& list) {
  std::vector<AddedToken> added;
  if (list.is_null()) return added;
  if (!list.is_array()) return bad("added_tokens", "wanted an array, got " + json::brief(list));
  if (list.size() > kMaxAddedTokens) return bad("added_tokens", "more than 100,000 tokens");
  for (size_t at = 0; at < list.size(); ++at) {
    HOB_TRY(token, read_added(list[at], "added_tokens[" + std::to_string(at) + "]"));
    added.push_back(std::move(token));
  }
  return added;
}

// Puts vocabulary and added tokens in the order of their ids.
Result<StringList> order_pieces(const FileReader& reader, const std::vector<AddedToken>& added) {
  uint64_t size = reader.vocab_ids.size();
  std::unordered_map<std::string_view, Token> contents;
  for (const AddedToken& token : added) size = std::max<uint64_t>(size, uint64_t{token.id} + 1);
  if (size > reader.vocab_ids.size() + added.size()) {
    return bad(
        "added_tokens", "an id is " + std::to_string(size - 1) + ", but there are only " +
                            std::to_string(reader.vocab_ids.size() + added.size()) + " pieces"
    );
  }
  std::vector<std::string_view> by_id(size);
  for (size_t at = 0; at < reader.vocab_ids.size(); ++at) {
    const uint32_t id = reader.vocab_ids[at];
    if (id >= size) {
      return bad(
          "model.vocab", "the id of " + in_quotes(reader.vocab_texts[at]) + " is " + std::to_string(id) +
                             ", but there are only " + std::to_string(size) + " pieces"
      );
    }
    if (!by_id[id].empty()) {
      return bad(
          "model.vocab", "the id " + std::to_string(id) + " belongs to " + in_quotes(by_id[id]) + " and to " +
                             in_quotes(reader.vocab_texts[at])
      );
    }
    by_id[id] = reader.vocab_texts[at];
  }
  for (const AddedToken& token : added) {
    if (!contents.emplace(token.content, token.id).second) {
      return bad("added_tokens", "the content " + in_quotes(token.content) + " is there twice");
    }
    if (by_id[token.id].empty()) {
      by_id[token.id] = token.content;
    } else if (by_id[token.id] != token.content) {
      return bad(
          "added_tokens", "the id " + std::to_string(token.id) + " belongs to " + in_quotes(by_id[token.id]) +
                              " and to " + in_quotes(token.content)
      );
    }
  }
  StringList pieces;
  pieces.reserve(size, reader.vocab_texts.bytes() + 4096);
  for (uint64_t id = 0; id < size; ++id) {
    if (by_id[id].empty()) return bad("model.vocab", "no piece has the id " + std::to_string(id));
    pieces.add(by_id[id]);
  }
  return pieces;
}

Result<TokenizerFile> read_checked(std::string_view json) {
  FileReader reader;
  HOB_TRY_VOID(json::read(json, json::kModelFile, reader));
  if (!reader.tree.is_object()) {
    return bad("tokenizer", "wanted an object, got " + json::brief(reader.tree));
  }
  HOB_TRY_VOID(check_model(member(reader.tree, "model")));
  if (!reader.has_vocab) return bad("model.vocab", "is missing");
  if (!reader.has_merges) return bad("model.merges", "is missing");
  HOB_TRY_VOID(check_steps(reader.tree));
  TokenizerFile file;
  HOB_TRY(added, read_all_added(member(reader.tree, "added_tokens")));
  HOB_TRY(pieces, order_pieces(reader, added));
  file.added = std::move(added);
  file.pieces = std::move(pieces);
  file.merges = std::move(reader.merges);
  return file;
}

}  // namespace

Result<TokenizerFile> read_tokenizer_file(std::string_view json, std::string_view name) {
  Result<TokenizerFile> file = read_checked(json);
  if (!file) return std::move(file).error().in(name);
  return file;
}

}  // namespace hob::text
