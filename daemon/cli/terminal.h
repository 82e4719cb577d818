// Terminal: what people see. Answers go to standard output, everything about them to standard error; colours and
// progress lines only where a terminal shows them and NO_COLOR is not set.
//
//   terminal.note("session 01J...");            // dim, unless quiet
//   std::fputs(terminal.for_output(text).c_str(), stdout);
//
// Text that comes from a model or a tool passes visible() before a terminal sees it: escape sequences of theirs must
// not move the cursor or write the clipboard.
#pragma once

#include <string>
#include <string_view>

namespace hob::cli {

/// Control characters, but for line ends and tabs, become visible: ESC is "^[", others "^X" or "\u0080".
std::string visible(std::string_view text);
/// At most `columns` characters on one line; line ends become spaces, what is cut is "…".
std::string one_line(std::string_view text, size_t columns);

class Terminal {
 public:
  Terminal();

  bool out_is_terminal() const { return out_; }
  bool err_is_terminal() const { return err_; }
  /// Somebody can be asked: standard input and standard error are terminals.
  bool interactive() const { return in_ && err_; }
  void quiet() { quiet_ = true; }
  size_t columns() const;

  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string red(std::string_view text) const { return paint("31", text); }
  std::string green(std::string_view text) const { return paint("32", text); }
  std::string yellow(std::string_view text) const { return paint("33", text); }

  /// Text of others as standard output may show it.
  std::string for_output(std::string_view text) const { return out_ ? visible(text) : std::string(text); }

  /// A dim line on standard error; nothing when quiet.
  void note(std::string_view text);
  /// "hob: text" on standard error, always.
  void warn(std::string_view text);
  /// A line on standard error that the next one replaces. Terminals only.
  void progress(std::string_view text);
  /// "text [#####.....] 50 %"
  void bar(std::string_view text, double share);
  void end_progress();

 private:
  std::string paint(std::string_view code, std::string_view text) const;

  bool in_ = false, out_ = false, err_ = false;
  bool colour_ = false;
  bool quiet_ = false;
  bool progress_ = false;
};

}  // namespace hob::cli
