// What hobd asks of a plugin host: `start` once, then `call`s, one at a time; and the manifest that a plugin ships.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schemas/describe/describe.h"

namespace hob::wire {

/// Hints for policy and people. They never lower an approval that the owner's rules ask for.
struct ToolAnnotations {
  bool read_only = false;
  bool destructive = false;
  bool idempotent = false;
  bool open_world = false;  // reaches beyond this machine

  template <typename D>
  static void describe(D& d) {
    d.about("ToolAnnotations", "As MCP names them.");
    d.defaulted("readOnlyHint", &ToolAnnotations::read_only, "");
    d.defaulted("destructiveHint", &ToolAnnotations::destructive, "");
    d.defaulted("idempotentHint", &ToolAnnotations::idempotent, "");
    d.defaulted("openWorldHint", &ToolAnnotations::open_world, "");
  }
};

struct ManifestTool {
  std::string name;         // ^[a-z][a-z0-9_]{0,63}$
  std::string title;
  std::string description;
  Json parameters;          // JSON Schema of the arguments; key order kept: the model sees it
  Json result;              // JSON Schema of the result object
  ToolAnnotations annotations;
  std::string kind = "other";  // ACP tool kind: read, edit, delete, move, search, execute, think, fetch, other

  template <typename D>
  static void describe(D& d) {
    d.about("ManifestTool", "A tool that a plugin offers.");
    d.field("name", &ManifestTool::name, "", {.min_length = 1, .max_length = 64});
    d.defaulted("title", &ManifestTool::title, "");
    d.field("description", &ManifestTool::description, "", {.max_length = 2000});
    d.field("parameters", &ManifestTool::parameters, "");
    d.defaulted("result", &ManifestTool::result, "");
    d.defaulted("annotations", &ManifestTool::annotations, "");
    d.defaulted("kind", &ManifestTool::kind, "");
  }
};

/// What a plugin needs of its sandbox; the owner's configuration may grant less.
struct Needs {
  bool read = false;     // read inside the session's roots
  bool write = false;    // write inside the session's roots
  bool exec = false;     // run programs of the system
  bool network = false;

  template <typename D>
  static void describe(D& d) {
    d.about("Needs", "Rights beyond computing.");
    d.defaulted("read", &Needs::read, "");
    d.defaulted("write", &Needs::write, "");
    d.defaulted("exec", &Needs::exec, "");
    d.defaulted("network", &Needs::network, "");
  }
};

/// `plugin.json` beside the shared object.
struct Manifest {
  std::string name;      // ^[a-z][a-z0-9_-]{0,63}$
  std::string version;
  std::string library;   // file name of the shared object, in the same directory
  bool stateful = false; // one host for each session
  Needs needs;
  std::vector<ManifestTool> tools;

  template <typename D>
  static void describe(D& d) {
    d.about("Manifest", "A tool plugin.");
    d.field("name", &Manifest::name, "", {.min_length = 1, .max_length = 64});
    d.field("version", &Manifest::version, "", {.max_length = 64});
    d.field("library", &Manifest::library, "", {.min_length = 1, .max_length = 255});
    d.defaulted("stateful", &Manifest::stateful, "");
    d.defaulted("needs", &Manifest::needs, "");
    d.field("tools", &Manifest::tools, "", {.min_length = 1, .max_length = 64});
  }
};

struct Root {
  std::string path;       // absolute
  bool writable = false;

  template <typename D>
  static void describe(D& d) {
    d.about("Root", "A directory that a tool may see; relative paths start at the first.");
    d.field("path", &Root::path, "");
    d.defaulted("writable", &Root::writable, "");
  }
};

struct HostLimits {
  uint64_t memory_bytes = 512u << 20;
  uint64_t file_bytes = 64u << 20;
  uint32_t open_files = 64;
  uint64_t output_bytes = 1u << 20;  // a larger result is cut and flagged

  template <typename D>
  static void describe(D& d) {
    d.about("HostLimits", "Limits of one plugin process.");
    d.defaulted("memoryBytes", &HostLimits::memory_bytes, "");
    d.defaulted("fileBytes", &HostLimits::file_bytes, "");
    d.defaulted("openFiles", &HostLimits::open_files, "");
    d.defaulted("outputBytes", &HostLimits::output_bytes, "");
  }
};

/// `start`: sandbox, then dlopen, then the reply HostReady. Fails typed: plugin_crashed, invalid_params, version_skew.
struct HostStart {
  std::string library;      // absolute path of the shared object
  std::string plugin;       // the manifest's name
  std::vector<Root> roots;
  Needs grants;
  HostLimits limits;
  Json config;              // the plugin's own settings (an object)
  std::string sha256;       // hex of the library's bytes; empty: not checked
  bool builtin = false;     // comes with hob: may run on a kernel without Landlock

  template <typename D>
  static void describe(D& d) {
    d.about("HostStart", "Makes the host ready for one plugin.");
    d.field("library", &HostStart::library, "");
    d.field("plugin", &HostStart::plugin, "");
    d.defaulted("roots", &HostStart::roots, "", {.max_length = 16});
    d.defaulted("grants", &HostStart::grants, "");
    d.defaulted("limits", &HostStart::limits, "");
    d.defaulted("config", &HostStart::config, "");
    d.defaulted("sha256", &HostStart::sha256, "", {.max_length = 64});
    d.defaulted("builtin", &HostStart::builtin, "");
  }
};

struct HostReady {
  std::string plugin_version;
  std::vector<std::string> sandbox;  // rungs that hold: "no_new_privs", "rlimits", "landlock:7", "seccomp"

  template <typename D>
  static void describe(D& d) {
    d.about("HostReady", "The plugin is loaded inside its sandbox.");
    d.defaulted("pluginVersion", &HostReady::plugin_version, "");
    d.defaulted("sandbox", &HostReady::sandbox, "");
  }
};

/// `call`: progress frames {message?, done?, total?}, then CallResult, or an error frame when the host itself failed.
struct CallParams {
  std::string tool;
  std::string arguments;       // JSON text of an object, already valid by the tool's schema
  uint64_t timeout_ms = 60'000;

  template <typename D>
  static void describe(D& d) {
    d.about("CallParams", "One call of a tool.");
    d.field("tool", &CallParams::tool, "");
    d.field("arguments", &CallParams::arguments, "");
    d.defaulted("timeoutMs", &CallParams::timeout_ms, "", {.min = 1, .max = 86'400'000});
  }
};

/// What the model is told. On failure `result` is {ok:false, kind, message, hint} (prompt-contract's error).
struct CallResult {
  bool ok = true;
  Json result;
  bool truncated = false;  // the output was over the limit

  template <typename D>
  static void describe(D& d) {
    d.about("CallResult", "A tool's observation.");
    d.field("ok", &CallResult::ok, "");
    d.field("result", &CallResult::result, "");
    d.defaulted("truncated", &CallResult::truncated, "");
  }
};

}  // namespace hob::wire
