// Command and Option: the command line as the rest of this room sees it, so that the parser behind (CLI11) is compiled
// in one place and can be replaced in one.
//
//   Command& list = sessions.add("list", "Sessions, newest first");
//   list.option("--limit", options->limit, "At most so many").between(1, 500);
//   list.flag("--all", options->all, "Archived ones, too");
//   list.run([&] { ... });
//
// What an option is written into must outlive parse(). One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace hob::cli {

class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}
  Option& shown_as(const std::string& type);
  Option& required();
  Option& with_commas();                             // a list: a,b,c
  Option& one_of(const std::vector<std::string>& words);
  Option& between(double low, double high);
  Option& says_default();
  Option& not_with(Option& other);

 private:
  CLI::Option* option_;
};

struct OptionText {
  std::string name;  // "--limit"
  std::string about;
  bool takes_value = false;
  std::vector<std::string> choices;  // of one_of()
};

class Command {
 public:
  /// The program itself.
  Command(const std::string& name, const std::string& about);
  ~Command();

  Command& add(const std::string& name, const std::string& about);
  /// "--name", "-n,--name", or a plain word for an argument without a dash.
  Option option(const std::string& name, std::string& value, const std::string& about);
  Option option(const std::string& name, std::optional<std::string>& value, const std::string& about);
  Option option(const std::string& name, std::vector<std::string>& value, const std::string& about);
  Option option(const std::string& name, uint32_t& value, const std::string& about);
  Option option(const std::string& name, std::optional<uint32_t>& value, const std::string& about);
  Option option(const std::string& name, std::optional<uint64_t>& value, const std::string& about);
  Option option(const std::string& name, std::optional<double>& value, const std::string& about);
  Option flag(const std::string& name, bool& value, const std::string& about);
  /// At least so many and at most one subcommand must be named.
  void wants_subcommand(bool needed);
  void examples(const std::string& lines);
  void version(const std::string& text);
  /// Everything behind the name is another program's, --help too.
  void pass_on(std::function<void(std::vector<std::string>)> work);
  /// Called when this command was named and is the last one named.
  void run(std::function<void()> work);

  const std::string& name() const { return name_; }
  const std::string& about() const { return about_; }
  const std::string& footer() const { return footer_; }
  bool passes_on() const { return passes_on_; }
  const Command* parent() const { return parent_; }
  const std::vector<std::unique_ptr<Command>>& commands() const { return commands_; }
  bool takes_words() const;
  std::vector<OptionText> options() const;

  /// 0: done, or help or version was printed. Else what is wrong stands in `problem`.
  int parse(int argc, char** argv, std::string& problem);

 private:
  Command(CLI::App* app, Command* parent, const std::string& name, const std::string& about);

  std::unique_ptr<CLI::App> owned_;
  CLI::App* app_;
  const Command* parent_ = nullptr;
  std::string name_, about_, footer_;
  bool passes_on_ = false;
  std::vector<std::unique_ptr<Command>> commands_;
};

}  // namespace hob::cli
