#include "daemon/cli/command.h"

#include <CLI/CLI.hpp>

namespace hob::cli {
namespace {

/// The words of one_of(), which the parser keeps in its own description alone: "MODE:{default,plan}".
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string text = option.get_type_name();
  const size_t open = text.find('{'), close = text.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  return CLI::detail::split(text.substr(open + 1, close - open - 1), ',');
}

}  // namespace

Option& Option::shown_as(const std::string& type) {
  option_->type_name(type);
  return *this;
}
Option& Option::required() {
  option_->required();
  return *this;
}
Option& Option::with_commas() {
  // One word holds the list: the next one is the prompt's.
  option_->delimiter(',')->allow_extra_args(false);
  return *this;
}
Option& Option::one_of(const std::vector<std::string>& words) {
  option_->check(CLI::IsMember(words));
  return *this;
}
Option& Option::between(double low, double high) {
  option_->check(CLI::Range(low, high));
  return *this;
}
Option& Option::says_default() {
  option_->capture_default_str();
  return *this;
}
Option& Option::not_with(Option& other) {
  option_->excludes(other.option_);
  return *this;
}

Command::Command(const std::string& name, const std::string& about)
    : owned_(std::make_unique<CLI::App>(about, name)), app_(owned_.get()), name_(name), about_(about) {}

Command::Command(CLI::App* app, Command* parent, const std::string& name, const std::string& about)
    : app_(app), parent_(parent), name_(name), about_(about) {}

Command::~Command() = default;

Command& Command::add(const std::string& name, const std::string& about) {
  commands_.push_back(std::unique_ptr<Command>(new Command(app_->add_subcommand(name, about), this, name, about)));
  return *commands_.back();
}

Option Command::option(const std::string& name, std::string& value, const std::string& about) {
  return Option(app_->add_option(name, value, about));
}
Option Command::option(const std::string& name, std::optional<std::string>& value, const std::string& about) {
  return Option(app_->add_option(name, value, about));
}
Option Command::option(const std::string& name, std::vector<std::string>& value, const std::string& about) {
  return Option(app_->add_option(name, value, about));
}
Option Command::option(const std::string& name, uint32_t& value, const std::string& about) {
  return Option(app_->add_option(name, value, about));
}
Option Command::option(const std::string& name, std::optional<uint32_t>& value, const std::string& about) {
  return Option(app_->add_option(name, value, about));
}
Option Command::option(const std::string& name, std::optional<uint64_t>& value, const std::string& about) {
  return Option(app_->add_option(name, value, about));
}
Option Command::option(const std::string& name, std::optional<double>& value, const std::string& about) {
  return Option(app_->add_option(name, value, about));
}
Option Command::flag(const std::string& name, bool& value, const std::string& about) {
  return Option(app_->add_flag(name, value, about));
}

void Command::wants_subcommand(bool needed) { app_->require_subcommand(needed ? 1 : 0, 1); }

void Command::examples(const std::string& lines) {
  footer_ = "Examples:\n" + lines;
  app_->footer(footer_);
}

void Command::version(const std::string& text) { app_->set_version_flag("--version", text); }

void Command::pass_on(std::function<void(std::vector<std::string>)> work) {
  passes_on_ = true;
  app_->prefix_command();
  app_->set_help_flag();
  app_->callback([app = app_, work = std::move(work)] { work(app->remaining()); });
}

void Command::run(std::function<void()> work) {
  app_->callback([app = app_, work = std::move(work)] {
    if (app->get_subcommands().empty()) work();
  });
}

bool Command::takes_words() const {
  for (const CLI::Option* option : app_->get_options()) {
    if (option->get_positional()) return true;
  }
  return false;
}

std::vector<OptionText> Command::options() const {
  std::vector<OptionText> out;
  for (const CLI::Option* option : app_->get_options()) {
    for (const std::string& name : option->get_lnames()) {
      out.push_back({"--" + name, option->get_description(), option->get_items_expected_max() > 0, choices_of(*option)});
    }
  }
  return out;
}

int Command::parse(int argc, char** argv, std::string& problem) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app_->exit(error);  // help and version
    problem = error.what();
    return 2;
  }
  return 0;
}

}  // namespace hob::cli
