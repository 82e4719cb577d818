#include "plugins/files/tools.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "plugins/files/edit.h"
#include "plugins/files/known.h"
#include "plugins/files/lines.h"
#include "plugins/files/pattern.h"
#include "plugins/files/search.h"
#include "plugins/files/walk.h"
#include "schemas/base/beneath.h"
#include "schemas/base/utf8.h"

namespace hob::plugins::files {
namespace {

using namespace hob::sdk;

constexpr size_t kMaxFile = 16u << 20;      // read, written or edited
constexpr size_t kMaxContent = 512u << 10;  // of one answer
constexpr size_t kMaxSearched = 8u << 20;   // larger files are passed over by grep
constexpr size_t kMaxEntries = 1000;        // of one list
constexpr size_t kMaxMatchBytes = 256u << 10;

/// An error of the file system in the words of a tool that looks for `what` ("file", "directory").
Observation refused(const Error& error, const std::string& what, const std::string& path) {
  std::string named = utf8::repair(utf8::prefix(path, 200));
  switch (error.code()) {
    case Code::not_found:
      return Observation::failure(
          Kind::not_found, "There is no " + what + " " + named + ".", "List the directory."
      );
    case Code::tool_denied:
      return Observation::failure(
          Kind::denied, error.message(), "Use a path inside the session's directory."
      );
    case Code::unsupported_content:
      return Observation::failure(Kind::failed, error.message(), "Search it with grep.");
    default:
      return Observation::from(error, "Check the path.");
  }
}

Observation invalid(std::string message, std::string hint) {
  return Observation::failure(Kind::invalid_argument, std::move(message), std::move(hint));
}

Observation changed_since(const std::string& shown, const std::string& how) {
  return Observation::failure(
      Kind::failed,
      shown + " was not written: it changed on disk since this session last read or wrote it (" +
          how + ").",
      "Read it again, then decide what to write."
  );
}

/// Nothing where the file may be replaced: it is not there, or holds what this session knows, or is
/// not known at all.
std::optional<Observation> changed_behind_us(
    const Roots& roots, const Located& at, const Known& known
) {
  if (!known.has(at)) return std::nullopt;
  auto now = beneath::read_file(at.root->fd, at.path, kMaxFile);
  if (now.ok()) {
    if (auto how = known.changed(at, *now)) return changed_since(roots.shown(at), *how);
  } else if (now.error().code() == Code::unsupported_content) {
    return changed_since(roots.shown(at), "it is too large to be read now");
  }
  return std::nullopt;  // what else keeps it from being read is told when it is written
}

Observation read_file(const Roots& roots, Known& known, const Arguments& arguments) {
  const std::string path = arguments.text("path");
  const int64_t offset = arguments.integer("offset", 1);
  if (offset < 0)
    return invalid(
        "offset is " + std::to_string(offset) + ", but lines are counted from 1.", "Leave it out."
    );
  const int64_t limit = arguments.integer("limit", INT64_MAX);
  if (limit < 1)
    return invalid(
        "limit is " + std::to_string(limit) + ", but at least one line is read.", "Leave it out."
    );
  auto at = roots.find(path);
  if (!at.ok()) return refused(at.error(), "file", path);
  auto text = beneath::read_file(at->root->fd, at->path, kMaxFile);
  if (!text.ok()) return refused(text.error(), "file", path);
  if (is_binary(*text))
    return Observation::failure(
        Kind::failed, roots.shown(*at) + " is not a text file.", "Use another tool for it."
    );

  const std::vector<std::string_view> lines = lines_of(*text);
  const size_t first = offset > 1 ? static_cast<size_t>(offset - 1) : 0;
  if (first >= lines.size() && first > 0)
    return invalid(
        "The file has " + std::to_string(lines.size()) + " lines, offset is " +
            std::to_string(offset) + ".",
        "Use a smaller offset."
    );
  std::string content;
  bool truncated = false;
  size_t left = static_cast<size_t>(limit);
  for (size_t i = first; i < lines.size() && left > 0; ++i, --left) {
    if (content.size() + lines[i].size() + 1 > kMaxContent) {
      // Whole lines only, unless the very first is too long.
      if (i == first) content = utf8::prefix(lines[i], kMaxContent);
      truncated = true;
      break;
    }
    if (i > first) content += '\n';
    content += lines[i];
  }
  known.remember(*at, *text);
  return Observation::result(
      {{"content", utf8::repair(content)}, {"lines", lines.size()}, {"truncated", truncated}}
  );
}

Observation write_file(const Roots& roots, Known& known, const Arguments& arguments) {
  const std::string path = arguments.text("path"), content = arguments.text("content");
  if (content.size() > kMaxFile)
    return invalid(
        "The content has " + std::to_string(content.size()) + " bytes, over the limit of 16 MiB.",
        "Write less."
    );
  auto at = roots.find_writable(path);
  if (!at.ok()) return refused(at.error(), "file", path);
  if (size_t slash = at->path.rfind('/');
      slash != std::string::npos && slash + 1 < at->path.size()) {
    auto made = beneath::make_directories(at->root->fd, at->path.substr(0, slash));
    if (!made.ok()) return refused(made.error(), "directory", path);
  }
  if (auto changed = changed_behind_us(roots, *at, known)) return *std::move(changed);
  auto written = beneath::write_file(at->root->fd, at->path, content);
  if (!written.ok()) return refused(written.error(), "directory", path);
  known.remember(*at, content);
  return Observation::result({{"bytes", content.size()}, {"path", roots.shown(*at)}});
}

Observation edit_file(const Roots& roots, Known& known, const Arguments& arguments) {
  const std::string path = arguments.text("path");
  auto at = roots.find_writable(path);
  if (!at.ok()) return refused(at.error(), "file", path);
  auto text = beneath::read_file(at->root->fd, at->path, kMaxFile);
  if (!text.ok()) return refused(text.error(), "file", path);
  if (is_binary(*text))
    return Observation::failure(
        Kind::failed, roots.shown(*at) + " is not a text file.", "Use another tool for it."
    );
  if (auto how = known.changed(*at, *text)) return changed_since(roots.shown(*at), *how);
  auto edited = edit(
      *text, arguments.text("old_string"), arguments.text("new_string"),
      arguments.flag("replace_all", false) ? Occurrences::all : Occurrences::one
  );
  if (!edited.ok()) {
    const Error& error = edited.error();
    if (error.code() != Code::not_found)
      return invalid(error.message(), "Give a longer piece of the text, or set replace_all.");
    const std::string nearest = error.data().value("nearest", std::string());
    return Observation::failure(
        Kind::no_match, "old_string does not occur in " + roots.shown(*at) + ".",
        nearest.empty() ? "Read the file first."
                        : "Copy the text exactly; the nearest lines are:\n" + nearest
    );
  }
  auto written = beneath::write_file(at->root->fd, at->path, edited->text);
  if (!written.ok()) return refused(written.error(), "file", path);
  known.remember(*at, edited->text);
  return Observation::result({{"path", roots.shown(*at)}, {"replaced", edited->replaced}});
}

Observation list_directory(const Roots& roots, const Arguments& arguments) {
  const std::string path = arguments.text("path", ".");
  auto at = roots.find(path);
  if (!at.ok()) return refused(at.error(), "directory", path);
  auto found = entries(*at->root, at->path);
  if (!found.ok()) return refused(found.error(), "directory", path);
  Json names = Json::array();
  for (const Entry& entry : *found) {
    if (names.size() >= kMaxEntries) break;
    names.push_back(utf8::repair(entry.name) + (entry.type == Type::directory ? "/" : ""));
  }
  const bool truncated = names.size() < found->size();
  return Observation::result({{"entries", std::move(names)}, {"truncated", truncated}});
}

/// A link counts as the file it leads to, if that is inside.
bool is_file(const Root& root, const Entry& entry) {
  if (entry.type == Type::file) return true;
  auto fd = beneath::open(root.fd, entry.path, O_PATH);
  struct stat status {};
  return fd.ok() && ::fstat(fd->get(), &status) == 0 && S_ISREG(status.st_mode);
}

Observation glob(const Roots& roots, const Arguments& arguments, Call& call) {
  std::string text = arguments.text("pattern"), path = arguments.text("path", ".");
  // An absolute pattern names its root itself.
  if (text.starts_with('/')) {
    auto inside = roots.find(text);
    if (!inside.ok()) return refused(inside.error(), "file", text);
    path = inside->root->path;
    text = "./" + inside->path;
  }
  auto at = roots.find(path);
  if (!at.ok()) return refused(at.error(), "directory", path);
  auto pattern = Pattern::parse(text);
  if (!pattern.ok()) return Observation::from(pattern.error(), "Use a pattern such as *.txt.");
  const size_t base = at->path == "." ? 0 : at->path.size() + (at->path.ends_with('/') ? 0 : 1);
  Json paths = Json::array();
  auto end = walk(
      *at->root, at->path,
      [&](const Entry& entry) {
        if (!pattern->matches(std::string_view(entry.path).substr(base)) ||
            !is_file(*at->root, entry))
          return Go::on;
        if (paths.size() >= kMaxEntries) return Go::stop;
        paths.push_back(utf8::repair(roots.shown({at->root, entry.path})));
        return Go::on;
      },
      call
  );
  if (!end.ok()) return refused(end.error(), "directory", path);
  return Observation::result({{"paths", std::move(paths)}, {"truncated", *end != End::all}});
}

Observation grep(const Roots& roots, const Arguments& arguments, Call& call) {
  const std::string path = arguments.text("path", ".");
  auto search = Search::parse(arguments.text("pattern"));
  if (!search.ok())
    return Observation::from(
        search.error(), "Put \\ before ( ) [ ] { } . * + ? | when they are meant as such."
    );
  auto at = roots.find(path);
  if (!at.ok()) return refused(at.error(), "file or directory", path);
  std::optional<Pattern> include;
  if (arguments.has("include")) {
    auto pattern = Pattern::parse(arguments.text("include"));
    if (!pattern.ok()) return Observation::from(pattern.error(), "Use a pattern such as *.txt.");
    include = std::move(*pattern);
  }
  Json matches = Json::array();
  size_t bytes = 0;
  auto look = [&](const std::string& file) {
    auto text = beneath::read_file(at->root->fd, file, kMaxSearched);
    if (!text.ok() || is_binary(*text)) return Go::on;
    const std::string name = utf8::repair(roots.shown({at->root, file}));
    for (const Match& match : search->in(*text, kMaxEntries + 1)) {
      std::string line = name + ":" + std::to_string(match.line) + ": " + match.text;
      bytes += line.size();
      if (matches.size() >= kMaxEntries || bytes > kMaxMatchBytes) return Go::stop;
      matches.push_back(std::move(line));
    }
    return Go::on;
  };
  // One file, asked for by name, is searched whatever it is called.
  auto fd = beneath::open(at->root->fd, at->path, O_PATH);
  if (!fd.ok()) return refused(fd.error(), "file or directory", path);
  struct stat status {};
  if (::fstat(fd->get(), &status) == 0 && !S_ISDIR(status.st_mode)) {
    auto text = beneath::read_file(at->root->fd, at->path, kMaxFile);
    if (!text.ok()) return refused(text.error(), "file", path);
    const bool truncated = look(at->path) == Go::stop;
    return Observation::result({{"matches", std::move(matches)}, {"truncated", truncated}});
  }
  const size_t base = at->path == "." ? 0 : at->path.size() + (at->path.ends_with('/') ? 0 : 1);
  auto end = walk(
      *at->root, at->path,
      [&](const Entry& entry) {
        if (entry.type != Type::file) return Go::on;
        if (include && !include->matches(std::string_view(entry.path).substr(base))) return Go::on;
        return look(entry.path);
      },
      call
  );
  if (!end.ok()) return refused(end.error(), "directory", path);
  return Observation::result({{"matches", std::move(matches)}, {"truncated", *end != End::all}});
}

}  // namespace

Tools make_tools(const Roots& roots) {
  Tools tools;
  const auto known = std::make_shared<Known>();  // shared by these three
  tools.add("read_file", [&roots, known](const Arguments& a, Call&) {
    return read_file(roots, *known, a);
  });
  tools.add("write_file", [&roots, known](const Arguments& a, Call&) {
    return write_file(roots, *known, a);
  });
  tools.add("edit_file", [&roots, known](const Arguments& a, Call&) {
    return edit_file(roots, *known, a);
  });
  tools.add("list_directory", [&roots](const Arguments& a, Call&) {
    return list_directory(roots, a);
  });
  tools.add("glob", [&roots](const Arguments& a, Call& c) { return glob(roots, a, c); });
  tools.add("grep", [&roots](const Arguments& a, Call& c) { return grep(roots, a, c); });
  return tools;
}

}  // namespace hob::plugins::files
