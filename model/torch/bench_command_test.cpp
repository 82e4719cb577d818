#include "model/torch/bench_command.h"

#include <fstream>

#include "model/torch/bench_cost.h"
#include "model/torch/goldens.h"
#include "model/torch/synthetic.h"

namespace hob::torch_engine {
namespace {

BenchOptions small(const std::string& name) {
  BenchOptions out;
  out.synthetic = (Goldens::root() / name / "config.json").string();
  out.threads = 1;
  out.prompts = {20};
  out.depths = {0, 12};
  out.sequences = {1, 4};
  out.generate = 3;
  out.repeat = 2;
  out.commit = "abc";
  out.probe_bytes = 4u << 20;
  return out;
}

std::vector<Json> rows_of(const BenchOptions& options) {
  std::vector<Json> rows;
  size_t notes = 0;
  must(bench(options, [&](const Json& row) { rows.push_back(row); }, [&](const std::string&) { ++notes; }));
  CHECK(notes > 0);
  return rows;
}

std::string refusal(const BenchOptions& options) {
  const auto done = bench(options, [](const Json&) { FAIL("a row was printed"); }, [](const std::string&) {});
  if (done) FAIL("it was measured");
  return done.error().message();
}

}  // namespace

TEST_CASE("a bench of random weights prints a row for each prompt, depth and number of sequences") {
  for (const std::string name : {"e2b_like", "moe_like", "untied_like"}) {
    for (const std::string weights : {"bf16", "f32"}) {
      INFO(name << " " << weights);
      BenchOptions options = small(name);
      options.weights = weights;
      const auto rows = rows_of(options);
      REQUIRE(rows.size() == 1 + 4 + 1);
      for (const Json& row : rows) {
        CHECK(row.at("threads") == 1);
        CHECK(row.at("weights") == weights);
        CHECK(row.at("commit") == "abc");
        CHECK(row.at("rss_MiB") > 0);
        CHECK(row.at("device").get<std::string>().starts_with("cpu: "));
      }
      const Json& prefill = rows.front();
      CHECK(prefill.at("what") == "prefill");
      CHECK(prefill.at("tokens") == 20);
      CHECK(prefill.at("seconds").size() == 2);
      CHECK(prefill.at("tokens_per_s") > 0);
      CHECK(prefill.at("peak_gflops") > 0);
      for (size_t i = 0; i < 4; ++i) {
        const Json& decode = rows[1 + i];
        CHECK(decode.at("what") == "decode");
        CHECK(decode.at("depth") == (i < 2 ? 0 : 12));
        CHECK(decode.at("sequences") == (i % 2 == 0 ? 1 : 4));
        CHECK(decode.at("seconds").size() == 2);
        CHECK(decode.at("bandwidth_GBps") > 0);
        const double fraction = decode.at("bytes_per_token").get<double>() * decode.at("tokens_per_s").get<double>() /
                                1e9 / decode.at("bandwidth_GBps").get<double>();
        CHECK(decode.at("roof_fraction").get<double>() == Approx(fraction).margin(0.002));
      }
      CHECK(rows.back().at("what") == "memory");
      CHECK(rows.back().at("cache_bytes") > 0);
    }
  }
}

TEST_CASE("a checkpoint is measured too, its load first") {
  BenchOptions options = small("e2b_like");
  options.model = (Goldens::root() / "e2b_like").string();
  options.synthetic.clear();
  options.weights = "auto";
  const auto rows = rows_of(options);
  REQUIRE(rows.size() == 7);
  CHECK(rows.front().at("what") == "load");
  CHECK(rows.front().at("seconds").size() == 1);
  CHECK(rows.front().at("weights") == "f32");
  CHECK(rows.front().at("model") == "e2b_like");
}

TEST_CASE("a replayed acceptance verifies its drafts in fewer forwards, and says so") {
  BenchOptions options = small("e2b_like");
  options.generate = 40;
  options.repeat = 1;
  options.depths = {0};
  options.draft = "ngram";
  for (const auto& [share, most, least] : {std::tuple{1.0, 3.0, 2.9}, {0.5, 2.2, 1.2}, {0.0, 1.0, 1.0}}) {
    options.acceptance = {share, share};
    const Json decode = rows_of(options).at(1);
    CHECK(decode.at("replayed_acceptance") == Json::array({share, share}));
    CHECK(decode.at("tokens_per_forward") <= most);
    CHECK(decode.at("tokens_per_forward") >= least - 0.05);
  }
}

TEST_CASE("bytes of a token and work of a prompt are those of the published shapes") {
  const auto config = must(gemma::parse_config(must(synthetic_config("e2b")), "config.json"));
  const BenchCost cost(config, 2, 4);
  // 35 layers of 1536: attention, MLPs of 6144 and 12288, per-layer embeddings of 256; the head.
  uint64_t elements = uint64_t{262144} * 1536 + 256 * 35 * 1536;
  for (uint64_t i = 0; i < 35; ++i) {
    const uint64_t head = (i + 1) % 5 == 0 ? 512 : 256;
    elements += 2 * 8 * head * 1536 + 3 * 1536 * uint64_t{i < 15 ? 6144u : 12288u} + 2 * 256 * 1536;
    if (i < 15) elements += 2 * head * 1536;
  }
  CHECK(cost.weight_bytes() == 2 * elements);
  CHECK(static_cast<double>(cost.weight_bytes()) == Approx(4.56e9).epsilon(0.01));
  // 28 sliding layers see 512 keys at most, 7 see all; f32 keys and values.
  CHECK(cost.kv_bytes(1000) == 2 * 4 * (28 * 256 * 512 + 7 * 512 * 1000));
  CHECK(cost.decode_bytes(0, 4) == cost.weight_bytes() / 4);
  CHECK(cost.prefill_flops(512) < 0.45 * 512 * 2 * static_cast<double>(elements));  // twenty layers run for one position
}

TEST_CASE("every published size is known, with the parameters of its text decoder") {
  const std::map<std::string, double> billions{{"e2b", 4.63}, {"e4b", 7.46}, {"12b", 11.91}, {"26b-a4b", 25.23}, {"31b", 30.70}};
  for (const auto& [name, wanted] : billions) {
    INFO(name);
    const auto config = must(gemma::parse_config(must(synthetic_config(name)), "config.json"));
    const double parameters = static_cast<double>(synthetic_bytes(config, gemma::Dtype::bf16)) / 2e9;
    CHECK(parameters == Approx(wanted).epsilon(0.002));
  }
}

TEST_CASE("random weights are small finite numbers, norms are ones, and no page is left empty") {
  const std::string text = must(synthetic_config((Goldens::root() / "e2b_like/config.json").string()));
  const auto model = must(synthetic_checkpoint(text, gemma::Dtype::bf16, "small"));
  for (const auto& [name, view] : model.weights.all()) {
    INFO(name);
    float least = 1e9f, most = 0;
    for (size_t i = 0; i < view.elements(); ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, view.bytes.data() + 2 * i, sizeof bits);
      const float value = std::fabs(std::bit_cast<float>(static_cast<uint32_t>(bits) << 16));
      least = std::min(least, value);
      most = std::max(most, value);
    }
    CHECK(least >= (view.shape.size() < 2 ? 1.0f : 1.0f / 64));
    CHECK(most <= (view.shape.size() < 2 ? 1.0f : 1.0f / 32));
  }
}

TEST_CASE("what does not fit is refused with the numbers, before anything is made") {
  BenchOptions options = small("e2b_like");
  options.synthetic = "31b";
  options.memory_bytes = uint64_t{24} << 30;
  const std::string message = refusal(options);
  INFO(message);
  CHECK(message.find("61.") != std::string::npos);
  CHECK(message.find("25.76 GB are available") != std::string::npos);
}

TEST_CASE("what is not measured is refused by name") {
  const auto with = [](auto change) {
    BenchOptions options = small("e2b_like");
    change(options);
    return refusal(options);
  };
  CHECK(with([](BenchOptions& o) { o.weights = "int8"; }).find("int8") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.weights = "int4"; }).find("int4") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.weights = "auto"; }).find("auto") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.device = "cuda"; }).find("cuda") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.draft = "mtp"; }).find("no MTP drafter") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.draft = "luck"; }).find("\"luck\"") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.draft = "ngram"; }).find("--acceptance P") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.acceptance = {0.5}; }).find("--draft ngram") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.draft = "ngram", o.acceptance = {0.5, 1.5}; }).find("0 to 1") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.draft = "ngram", o.acceptance.assign(500, 0.5); }).find("places") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.model = "x"; }).find("either") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.synthetic = "e3b"; }).find("e3b") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.sequences = {9}; }).find("--sequences") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.repeat = 0; }).find("--repeat") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.generate = 0; }).find("--generate") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.prompts = {0}; }).find("--prompt") != std::string::npos);
  CHECK(with([](BenchOptions& o) { o.depths = {600}; }).find("max_position_embeddings") != std::string::npos);
}

}  // namespace hob::torch_engine
