// What the engine promises about sequences: whatever way a state was reached, it is the state of its tokens.
#include "model/torch/torch_engine.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <limits>
#include <random>

#include "model/torch/goldens.h"
#include "schemas/base/test_directory.h"

namespace hob::torch_engine {
namespace {

using Ids = std::vector<engine::Token>;

std::unique_ptr<TorchEngine> open(const std::filesystem::path& directory, uint32_t chunk = 256, uint32_t context = 0) {
  Options options;
  options.directory = directory;
  options.threads = 1;
  options.prefill_chunk = chunk;
  options.context = context;
  return must(load(options));
}

std::unique_ptr<TorchEngine> e2b(uint32_t chunk = 256, uint32_t context = 0) {
  return open(Goldens::root() / "e2b_like", chunk, context);
}

Ids random_ids(std::mt19937& random, size_t count) {
  Ids out(count);
  for (auto& id : out) id = 5 + random() % 315;
  return out;
}

/// Logits of the last of `ids`, from nothing.
std::vector<float> fresh(engine::Engine& engine, const Ids& ids) {
  const auto seq = must(engine.open());
  auto out = step(engine, seq, ids, ids.size() - 1).logits;
  engine.close(seq);
  return out;
}

Ids joined(Ids a, const Ids& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

constexpr double kNear = 6e-3;  // what the reference's own incremental runs differ by

Error failure(engine::Engine& engine, engine::Row row) {
  engine::Batch batch;
  batch.rows.push_back(std::move(row));
  auto out = engine.forward(batch);
  if (out) FAIL("the forward succeeded");
  return out.error();
}

/// A copy of e2b_like where the per-layer embedding of token 7 is not a number: rows that hold it fail.
class Poisoned {
 public:
  static constexpr engine::Token kPoison = 7;
  Poisoned() {
    const auto from = Goldens::root() / "e2b_like";
    std::filesystem::copy(from / "config.json", path_ / "config.json");
    std::string bytes = must(gemma::read_small_file(from / "model.safetensors", 64u << 20));
    const auto files = must(gemma::Safetensors::open_file(from / "model.safetensors"));
    const auto* table = files.find("model.language_model.embed_tokens_per_layer.weight");
    REQUIRE(table != nullptr);
    const size_t row = table->shape.at(1) * sizeof(float);
    const std::string_view whole(reinterpret_cast<const char*>(table->bytes.data()), table->bytes.size());
    const size_t at = bytes.find(whole);
    REQUIRE(at != std::string::npos);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::memcpy(bytes.data() + at + kPoison * row, &nan, sizeof nan);
    std::ofstream(path_ / "model.safetensors", std::ios::binary) << bytes;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  TestDirectory directory_;
  std::filesystem::path path_ = directory_.path();
};

}  // namespace

TEST_CASE("positions taken back leave the state of what is left") {
  std::mt19937 random(1);
  for (const size_t length : {5u, 20u, 100u, 400u}) {
    auto engine = e2b(64);
    const Ids ids = random_ids(random, length);
    for (const uint32_t count : {1u, 4u, 16u}) {
      if (count > length) continue;
      INFO(length << " less " << count);
      const auto seq = must(engine->open());
      step(*engine, seq, ids, ids.size());
      must(engine->truncate(seq, count));
      CHECK(engine->length(seq) == length - count);
      const Ids kept(ids.begin(), ids.end() - count);
      const Ids more = random_ids(random, 3);
      const auto got = step(*engine, seq, more, more.size() - 1).logits;
      compare("logits", fresh(*engine, joined(kept, more)), got, kNear);
      engine->close(seq);
    }
  }
}

TEST_CASE("taking back more than can be given is refused and changes nothing") {
  std::mt19937 random(2);
  auto engine = e2b(64);
  const auto seq = must(engine->open());
  const Ids ids = random_ids(random, 300);
  step(*engine, seq, {ids.begin(), ids.begin() + 3}, 3);
  CHECK(engine->truncate(seq, 4).error().code() == Code::invalid_params);
  step(*engine, seq, {ids.begin() + 3, ids.end()}, 297);
  CHECK(engine->info().max_truncate == 16);
  CHECK(engine->truncate(seq, 17).error().code() == Code::invalid_params);
  CHECK(engine->length(seq) == 300);
  // Again and again, without a step between: refused before the window has lost what it needs.
  uint32_t taken = 0;
  while (engine->truncate(seq, 16).ok()) taken += 16;
  CHECK(taken >= 16);
  CHECK(engine->length(seq) == 300 - taken);
  const Ids kept(ids.begin(), ids.end() - taken);
  compare("logits", fresh(*engine, joined(kept, {9})), step(*engine, seq, {9}, 0).logits, kNear);
}

TEST_CASE("a fork and its origin go separate ways") {
  std::mt19937 random(3);
  for (const size_t length : {3u, 30u, 200u}) {
    auto engine = e2b(64);
    const Ids ids = random_ids(random, length), left = random_ids(random, 40), right = random_ids(random, 40);
    const auto origin = must(engine->open());
    step(*engine, origin, ids, ids.size());
    const uint64_t before = engine->cache_bytes();
    const auto copy = must(engine->fork(origin));
    CHECK(engine->cache_bytes() == before);  // shared until somebody writes
    CHECK(engine->length(copy) == length);
    for (size_t i = 0; i < left.size(); i += 8) {
      const auto piece = [&](const Ids& all) { return Ids(all.begin() + i, all.begin() + i + 8); };
      step(*engine, origin, piece(left), 8);
      step(*engine, copy, piece(right), 8);
    }
    compare("origin", fresh(*engine, joined(joined(ids, left), {9})), step(*engine, origin, {9}, 0).logits, kNear);
    compare("copy", fresh(*engine, joined(joined(ids, right), {9})), step(*engine, copy, {9}, 0).logits, kNear);
  }
}

TEST_CASE("a snapshot is returned to from far ahead, more than once, and into another sequence") {
  std::mt19937 random(4);
  auto engine = e2b(64);
  const Ids ids = random_ids(random, 70);
  const auto seq = must(engine->open());
  step(*engine, seq, ids, ids.size());
  const auto snapshot = must(engine->snapshot(seq));
  const auto wanted = fresh(*engine, joined(ids, {9}));
  for (const size_t ahead : {1u, 20u, 300u}) {
    step(*engine, seq, random_ids(random, ahead), ahead);
    must(engine->restore(seq, snapshot));
    CHECK(engine->length(seq) == 70);
    compare("again", wanted, step(*engine, seq, {9}, 0).logits, kNear);
  }
  const auto other = must(engine->open());
  step(*engine, other, random_ids(random, 10), 10);
  must(engine->restore(other, snapshot));
  compare("elsewhere", wanted, step(*engine, other, {9}, 0).logits, kNear);
  engine->drop(snapshot);
  CHECK(engine->restore(seq, snapshot).error().code() == Code::invalid_params);
  engine->close(seq);
  engine->close(other);
  CHECK(engine->cache_bytes() == 0);
}

TEST_CASE("forks of a long prefix cost it once, and a tail each, and say what their origin says") {
  std::mt19937 random(13);
  auto engine = e2b(64);
  const auto seq = must(engine->open());
  step(*engine, seq, {9}, 1);
  const uint64_t tail = engine->cache_bytes();  // a page of each layer that owns keys and values
  step(*engine, seq, random_ids(random, 299), 299);
  const uint64_t prefix = engine->cache_bytes();
  CHECK(prefix > 3 * tail);
  const auto snapshot = must(engine->snapshot(seq));
  std::vector<engine::SeqId> forks;
  for (int i = 0; i < 10; ++i) {
    forks.push_back(must(i % 2 == 0 ? engine->fork(seq) : engine->open()));
    if (i % 2 == 1) must(engine->restore(forks.back(), snapshot));
  }
  CHECK(engine->cache_bytes() == prefix);
  const Ids more = random_ids(random, 5);
  const auto wanted = step(*engine, seq, more, 0).logits;
  CHECK(engine->cache_bytes() == prefix);  // who holds the newest position goes on in place
  for (size_t i = 0; i < forks.size(); ++i) {
    CHECK((step(*engine, forks[i], more, 0).logits == wanted));
    CHECK(engine->cache_bytes() == prefix + (i + 1) * tail);
  }
  for (const auto fork : forks) engine->close(fork);
  CHECK(engine->cache_bytes() == prefix);
}

TEST_CASE("a snapshot holds the windows of its length, and full-attention pages with all that begins alike") {
  std::mt19937 random(14);
  auto engine = e2b(64);
  const auto seq = must(engine->open());
  step(*engine, seq, {9}, 1);
  const uint64_t page = engine->cache_bytes();
  step(*engine, seq, random_ids(random, 309), 309);
  const uint64_t then = engine->cache_bytes();
  const auto snapshot = must(engine->snapshot(seq));
  step(*engine, seq, random_ids(random, 150), 150);
  const uint64_t both = engine->cache_bytes();
  engine->close(seq);
  CHECK(engine->cache_bytes() == then);
  engine->drop(snapshot);
  CHECK(engine->cache_bytes() == 0);
  // Five full pages were shared: what the longer one adds is less than all of its own.
  const auto alone = must(engine->open());
  step(*engine, alone, random_ids(random, 460), 460);
  CHECK(both < then + engine->cache_bytes());
  CHECK(both - then < 4 * page);
}

TEST_CASE("any walk of steps, forks, snapshots and steps back ends in the state of its tokens") {
  for (const std::string name : {"e2b_like", "e4b_like", "dense_like"}) {
    std::mt19937 random(5);
    auto engine = open(Goldens::root() / name, 32);
    std::map<engine::SeqId, Ids> sequences;
    std::map<engine::SnapshotId, Ids> snapshots;
    sequences[must(engine->open())] = {};
    const auto pick = [&](auto& map) { return std::next(map.begin(), random() % map.size()); };
    for (int i = 0; i < 150; ++i) {
      auto at = pick(sequences);
      auto& [seq, ids] = *at;
      switch (random() % 6) {
        case 0:
        case 1: {
          const Ids more = random_ids(random, 1 + random() % 50);
          if (ids.size() + more.size() > 500) break;
          step(*engine, seq, more, more.size());
          ids = joined(ids, more);
          break;
        }
        case 2: {
          const auto count = static_cast<uint32_t>(random() % 17);
          if (count <= ids.size() && engine->truncate(seq, count).ok()) ids.resize(ids.size() - count);
          break;
        }
        case 3:
          if (sequences.size() < 4) sequences[must(engine->fork(seq))] = Ids(ids);
          break;
        case 4:
          if (snapshots.size() < 4) snapshots[must(engine->snapshot(seq))] = ids;
          break;
        case 5:
          if (!snapshots.empty()) {
            const auto from = pick(snapshots);
            must(engine->restore(seq, from->first));
            ids = from->second;
          }
          break;
      }
      CHECK(engine->length(seq) == ids.size());
    }
    for (auto& [seq, ids] : sequences) {
      INFO(name << " " << ids.size());
      if (ids.size() >= 500) must(engine->truncate(seq, 1)), ids.pop_back();
      compare("logits", fresh(*engine, joined(ids, {9})), step(*engine, seq, {9}, 0).logits, kNear);
    }
    for (auto& [snapshot, ids] : snapshots) engine->drop(snapshot);
    for (auto& [seq, ids] : sequences) engine->close(seq);
    CHECK(engine->cache_bytes() == 0);
  }
}

TEST_CASE("a step whose logits are no numbers fails and leaves every sequence as it was") {
  const Poisoned poisoned;
  std::mt19937 random(6);
  auto engine = open(poisoned.path(), 32);
  Ids ids = random_ids(random, 90);
  std::replace(ids.begin(), ids.end(), Poisoned::kPoison, engine::Token{8});
  const auto seq = must(engine->open()), other = must(engine->open());
  step(*engine, seq, ids, ids.size());
  step(*engine, other, ids, ids.size());
  Ids bad = joined(joined(ids, ids), ids);  // many chunks, of which the last fails when the window has moved on
  bad.back() = Poisoned::kPoison;
  for (const Ids& row : {bad, Ids{Poisoned::kPoison}}) {
    engine::Batch batch;
    batch.rows.push_back({.seq = other, .ids = ids, .soft = {}, .logits_from = 0});
    batch.rows.push_back({.seq = seq, .ids = row, .soft = {}, .logits_from = row.size() - 1});
    const auto out = engine->forward(batch);
    REQUIRE_FALSE(out.ok());
    CHECK(out.error().code() == Code::model_failed);
    CHECK(failure(*engine, batch.rows[1]).code() == Code::model_failed);
    for (const auto id : {seq, other}) {
      CHECK(engine->length(id) == ids.size());
      compare("after", fresh(*engine, joined(ids, {9})), step(*engine, id, {9}, 0).logits, kNear);
      must(engine->truncate(id, 1));
    }
  }
}

TEST_CASE("a row beyond the context is refused before anything is allocated") {
  std::mt19937 random(7);
  auto engine = e2b(16, 40);
  CHECK(engine->info().context == 40);
  const auto seq = must(engine->open());
  const Error far = failure(*engine, {.seq = seq, .ids = random_ids(random, 41), .soft = {}});
  CHECK(far.code() == Code::context_exceeded);
  CHECK(far.data().at("context") == 40);
  CHECK(engine->cache_bytes() == 0);
  step(*engine, seq, random_ids(random, 40), 40);
  const uint64_t bytes = engine->cache_bytes();
  CHECK(failure(*engine, {.seq = seq, .ids = {9}, .soft = {}}).code() == Code::context_exceeded);
  CHECK(engine->cache_bytes() == bytes);
  CHECK(engine->length(seq) == 40);
}

TEST_CASE("rows that make no sense are refused") {
  auto engine = e2b();
  const auto seq = must(engine->open());
  const auto refused = [&](engine::Row row) {
    const Error error = failure(*engine, std::move(row));
    INFO(error.message());
    CHECK((error.code() == Code::invalid_params || error.code() == Code::unsupported_content));
    CHECK(engine->length(seq) == 0);
  };
  refused({.seq = seq, .ids = {}, .soft = {}});
  refused({.seq = seq + 99, .ids = {5}, .soft = {}});
  refused({.seq = seq, .ids = {320}, .soft = {}});
  refused({.seq = seq, .ids = {5, 0xffffffff}, .soft = {}});
  refused({.seq = seq, .ids = {5}, .soft = {}, .logits_from = 2});
  refused({.seq = seq, .ids = {5}, .soft = {}, .attention = engine::Attention::block_causal});
  const std::vector<float> row(48, 0.5f), nan(48, std::numeric_limits<float>::quiet_NaN());
  const auto soft = [](std::vector<float> rows, std::vector<uint32_t> positions) {
    return engine::SoftTokens{.rows = std::move(rows), .positions = std::move(positions)};
  };
  refused({.seq = seq, .ids = {5}, .soft = soft(row, {1})});
  refused({.seq = seq, .ids = {5, 6}, .soft = soft(row, {0, 1})});
  refused({.seq = seq, .ids = {5, 6}, .soft = soft(std::vector<float>(96, 0.1f), {1, 1})});
  refused({.seq = seq, .ids = {5}, .soft = soft(nan, {0})});
  refused({.seq = seq, .ids = {5}, .soft = soft({1.0f}, {0})});
  engine::Batch twice;
  twice.rows.push_back({.seq = seq, .ids = {5}, .soft = {}});
  twice.rows.push_back({.seq = seq, .ids = {6}, .soft = {}});
  CHECK(engine->forward(twice).error().code() == Code::invalid_params);
  CHECK(engine->fork(seq + 99).error().code() == Code::invalid_params);
  CHECK(engine->snapshot(seq + 99).error().code() == Code::invalid_params);
  CHECK(engine->donor(engine::LayerType::full, seq + 99).error().code() == Code::invalid_params);
  CHECK(engine->length(seq + 99) == 0);
  engine->close(seq + 99);
}

TEST_CASE("too many sequences are refused, and closing one makes room") {
  auto engine = e2b();
  std::vector<engine::SeqId> open;
  for (size_t i = 0; i < kMaxSequences; ++i) open.push_back(must(engine->open()));
  CHECK(engine->open().error().code() == Code::overloaded);
  CHECK(engine->fork(open.front()).error().code() == Code::overloaded);
  engine->close(open.back());
  CHECK(engine->open().ok());
}

TEST_CASE("rows of one batch are bit by bit what they are alone") {
  // Steps of one, drafts of a few, chunks and rows of several chunks, in any mixture; then more behind them.
  for (const std::string name : {"e2b_like", "dense_like", "moe_like", "gemma3_like"}) {
    std::mt19937 random(8);
    auto engine = open(Goldens::root() / name, 16);
    CHECK(engine->info().max_rows == kMaxRows);
    for (int round = 0; round < 12; ++round) {
      std::vector<engine::SeqId> together, alone;
      for (uint32_t i = 0; i < 1 + random() % kMaxRows; ++i) {
        together.push_back(must(engine->open()));
        alone.push_back(must(engine->open()));
      }
      for (int pass = 0; pass < 3; ++pass) {
        engine::Batch batch;
        std::vector<std::vector<float>> wanted, hidden;
        for (size_t i = 0; i < together.size(); ++i) {
          const size_t lengths[] = {1, 1 + random() % 8, 9 + random() % 8, 1 + random() % 60};
          const size_t length = lengths[random() % 4];
          engine::Row row{.seq = alone[i], .ids = random_ids(random, length), .soft = {}};
          row.logits_from = random() % 3 == 0 ? random() % (length + 1) : length - 1;
          row.want_hidden = random() % 2 == 0;
          engine::Batch one;
          one.rows.push_back(row);
          const auto out = must(engine->forward(one)).rows.at(0);
          wanted.push_back(out.logits);
          hidden.push_back(out.hidden);
          row.seq = together[i];
          batch.rows.push_back(row);
        }
        const auto out = must(engine->forward(batch));
        for (size_t i = 0; i < together.size(); ++i) {
          INFO(name << ", round " << round << ", pass " << pass << ", row " << i << " of " << together.size() << ", "
                    << batch.rows[i].ids.size() << " ids from " << batch.rows[i].logits_from);
          CHECK((out.rows.at(i).logits == wanted[i]));
          CHECK((out.rows.at(i).hidden == hidden[i]));
          CHECK(engine->length(together[i]) == engine->length(alone[i]));
        }
      }
      for (const auto seq : together) engine->close(seq);
      for (const auto seq : alone) engine->close(seq);
    }
  }
}

TEST_CASE("after a batch of several rows each sequence is taken back, forked and remembered as if it had run alone") {
  std::mt19937 random(11);
  auto engine = e2b(32);
  std::map<engine::SeqId, Ids> sequences;
  for (const size_t length : {40u, 3u, 100u, 17u}) {
    const auto seq = must(engine->open());
    sequences[seq] = random_ids(random, length);
    step(*engine, seq, sequences[seq], length);
  }
  std::map<engine::SnapshotId, Ids> snapshots;
  for (int i = 0; i < 30; ++i) {
    engine::Batch batch;
    for (auto& [seq, ids] : sequences) {
      const Ids more = random_ids(random, random() % 4 == 0 ? 20 : 1 + random() % 5);
      batch.rows.push_back({.seq = seq, .ids = more, .soft = {}, .logits_from = more.size() - 1});
      ids = joined(ids, more);
    }
    must(engine->forward(batch));
    for (auto& [seq, ids] : sequences) {
      const auto count = static_cast<uint32_t>(random() % 3);
      must(engine->truncate(seq, count));
      ids.resize(ids.size() - count);
    }
    auto& [seq, ids] = *std::next(sequences.begin(), random() % sequences.size());
    if (i % 3 == 0) snapshots[must(engine->snapshot(seq))] = ids;
    if (i % 5 == 4) {
      const auto& [snapshot, then] = *snapshots.begin();
      must(engine->restore(seq, snapshot));
      ids = then;
    }
    if (i % 7 == 6) {
      const auto copy = must(engine->fork(seq));
      const Ids same = ids;
      const auto oldest = sequences.begin()->first;
      engine->close(oldest);
      sequences.erase(oldest);
      sequences[copy] = same;
    }
  }
  for (const auto& [seq, ids] : sequences) {
    INFO(ids.size());
    compare("logits", fresh(*engine, joined(ids, {9})), step(*engine, seq, {9}, 0).logits, kNear);
  }
}

TEST_CASE("the row that failed is named, and the others run without it") {
  const Poisoned poisoned;
  std::mt19937 random(12);
  auto engine = open(poisoned.path(), 32);
  engine::Batch batch;
  std::vector<Ids> kept;
  for (int i = 0; i < 3; ++i) {
    Ids ids = random_ids(random, 5);
    std::replace(ids.begin(), ids.end(), Poisoned::kPoison, engine::Token{8});
    kept.push_back(ids);
    const auto seq = must(engine->open());
    step(*engine, seq, ids, ids.size());
    batch.rows.push_back({.seq = seq, .ids = {i == 1 ? Poisoned::kPoison : 9}, .soft = {}});
  }
  const auto failed = engine->forward(batch);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code() == Code::model_failed);
  CHECK(failed.error().data().at("row") == 1);
  for (const auto& row : batch.rows) CHECK(engine->length(row.seq) == 5);
  batch.rows.erase(batch.rows.begin() + 1);
  const auto out = must(engine->forward(batch));
  compare("first", fresh(*engine, joined(kept[0], {9})), out.rows.at(0).logits, kNear);
  compare("last", fresh(*engine, joined(kept[2], {9})), out.rows.at(1).logits, kNear);
}

TEST_CASE("more rows than one forward takes are refused") {
  auto engine = e2b();
  engine::Batch batch;
  for (uint32_t i = 0; i <= kMaxRows; ++i) batch.rows.push_back({.seq = must(engine->open()), .ids = {5}, .soft = {}});
  CHECK(engine->forward(batch).error().code() == Code::invalid_params);
  for (const auto& row : batch.rows) CHECK(engine->length(row.seq) == 0);
  batch.rows.pop_back();
  CHECK(engine->forward(batch).ok());
}

TEST_CASE("logits are the hidden state's products with the embeddings, capped") {
  const Goldens goldens = Goldens::of("e2b_like");
  auto engine = e2b(16);
  engine::Batch batch;
  const Ids ids = goldens.ids();
  batch.rows.push_back(
    {.seq = must(engine->open()), .ids = ids, .soft = {}, .logits_from = ids.size() - 20, .want_hidden = true}
  );
  const auto out = must(engine->forward(batch)).rows.at(0);
  const auto& info = engine->info();
  REQUIRE(out.hidden.size() == size_t{20} * info.hidden);
  REQUIRE(out.logits.size() == size_t{20} * info.vocab);
  const auto files = must(gemma::Safetensors::open_file(goldens.folder / "model.safetensors"));
  std::vector<float> table(size_t{info.vocab} * info.hidden);
  std::memcpy(table.data(), files.find("model.language_model.embed_tokens.weight")->bytes.data(), table.size() * 4);
  std::vector<float> wanted;
  for (size_t t = 0; t < 20; ++t) {
    for (size_t v = 0; v < info.vocab; ++v) {
      double sum = 0;
      for (size_t h = 0; h < info.hidden; ++h) sum += double{table[v * info.hidden + h]} * out.hidden[t * info.hidden + h];
      wanted.push_back(static_cast<float>(30 * std::tanh(sum / 30)));
    }
  }
  compare("logits", wanted, out.logits, 1e-4);
}

TEST_CASE("no logits are given where none are wanted, and keys and values are there all the same") {
  std::mt19937 random(9);
  auto engine = e2b(16);
  const Ids ids = random_ids(random, 50);
  const auto seq = must(engine->open());
  const auto none = step(*engine, seq, ids, ids.size());
  CHECK(none.logits.empty());
  CHECK(none.hidden.empty());
  CHECK(engine->length(seq) == 50);
  CHECK(must(engine->donor(engine::LayerType::full, seq)).length == 50);
  compare("next", fresh(*engine, joined(ids, {9})), step(*engine, seq, {9}, 0).logits, kNear);
}

}  // namespace hob::torch_engine
