/* hob_plugin.h: everything between hob and a tool plugin, in plain C.
 *
 * A plugin is a shared library that exports one symbol, a struct of functions:
 *
 *   static void* create(const hob_host* host, hob_text config) { return host ? &state : NULL; }
 *   static void call(void* plugin, const hob_call* call) {
 *     static const char json[] = "{\"answer\": 42}";
 *     call->result(call, (hob_text){json, sizeof json - 1});
 *   }
 *   static void destroy(void* plugin) {}
 *   HOB_PLUGIN_EXPORT const hob_plugin hob_plugin_entry = {
 *     sizeof(hob_plugin), HOB_PLUGIN_VERSION, create, call, destroy, NULL};
 *
 * and comes with a manifest, plugin.json, that declares its tools. It runs in a process of its own
 * (hob-plugin-host), sandboxed before the library is loaded: what the manifest did not ask for fails with EPERM or
 * EACCES. A crash, a hang or a flood costs that process only.
 *
 * Threads. [tool]: the one thread on which hob calls the plugin; one call at a time. [any]: from any thread, while the
 * named object lives. Constructors of the library run on [tool], in the sandbox.
 * Ownership. Nothing is handed over. Texts are borrowed: those given to the plugin until the function returns, those
 * given to hob until the host's function returns (it copies). Structs begin with `size`; read no member beyond it.
 * No exception, longjmp or signal handler may cross. The library stays loaded until the process ends.
 * Versions. HOB_PLUGIN_VERSION changes only when old plugins stop working; new things are extensions, fetched by id
 * ("draft/..." until they are settled).
 */
#ifndef HOB_PLUGIN_H
#define HOB_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HOB_PLUGIN_VERSION 1u
#define HOB_PLUGIN_EXPORT __attribute__((visibility("default")))

/* UTF-8 of `size` bytes; no NUL at the end is promised. */
typedef struct hob_text {
  const char* data;
  size_t size;
} hob_text;

/* What the host offers. Lives from create to the end of destroy. */
typedef struct hob_host hob_host;
struct hob_host {
  uint32_t size;
  uint32_t version;
  void* context; /* the host's own */

  /* [any] The directories this plugin may use, in the session's order: the first is where relative paths begin.
   * The number is fixed. An index out of range gives -1, NULL, 0. */
  uint32_t (*root_count)(const hob_host* host);
  /* [any] An open descriptor of the directory, for openat2; owned by the host: never close it. */
  int (*root_fd)(const hob_host* host, uint32_t index);
  /* [any] Its absolute path, NUL-terminated; valid as long as the host. */
  const char* (*root_path)(const hob_host* host, uint32_t index);
  /* [any] 1 where files may be changed. */
  int (*root_writable)(const hob_host* host, uint32_t index);

  /* [tool] During create: says in a sentence why it is going to return NULL. */
  void (*refuse)(const hob_host* host, hob_text sentence);
  /* [any] A line for the log of the daemon; cut at 4 KiB, dropped when there are too many. Never log arguments. */
  void (*log)(const hob_host* host, hob_text line);
  /* [any] A struct of functions by its id, or NULL; valid as long as the host. */
  const void* (*get_extension)(const hob_host* host, const char* id);
};

/* One call of a tool. Lives until the plugin's call function returns; a late use from another thread is ignored. */
typedef struct hob_call hob_call;
struct hob_call {
  uint32_t size;
  uint32_t version;
  void* context; /* the host's own */

  hob_text tool;      /* the tool's name, as in the manifest */
  hob_text arguments; /* a JSON object that fits the manifest's parameters (the daemon has checked it) */

  /* [any] 1 once nobody waits any more: return soon, the answer does not matter. A plugin that does not look is
   * killed shortly after its deadline. */
  int (*cancelled)(const hob_call* call);
  /* [any] Milliseconds until the deadline, at least 0; INT64_MAX without one. */
  int64_t (*remaining_ms)(const hob_call* call);
  /* [any] A piece of text for a person who watches. Advice only: pieces are cut or dropped when there are many. */
  void (*progress)(const hob_call* call, hob_text text);

  /* [any] The answer, once: a JSON value, or an error. The first answer counts, returning without one is an error.
   * A result over 1 MiB is cut at its longest texts and lists and marked "truncated". */
  void (*result)(const hob_call* call, hob_text json);
  /* `kind`: not_found, denied, invalid_argument, timeout, no_match or failed. `message`: one sentence, what failed;
   * `hint`: one sentence, what to do (may be empty). */
  void (*error)(const hob_call* call, hob_text kind, hob_text message, hob_text hint);
};

/* What the plugin offers. Constant data that lives as long as the library. */
typedef struct hob_plugin {
  uint32_t size;
  uint32_t version;

  /* [tool] Once, before any call. `config`: a JSON object from the owner's configuration, often empty.
   * Returns the plugin's state, or NULL to refuse. */
  void* (*create)(const hob_host* host, hob_text config);
  /* [tool] One call, answered through `call` before returning. */
  void (*call)(void* plugin, const hob_call* call);
  /* [tool] Once, after the last call of an orderly end; not when the process is killed. */
  void (*destroy)(void* plugin);
  /* [tool] A struct of functions by its id, or NULL; valid until destroy. May itself be NULL. */
  const void* (*get_extension)(void* plugin, const char* id);
} hob_plugin;

/* The exported symbol, by name for dlsym. */
#define HOB_PLUGIN_SYMBOL "hob_plugin_entry"
extern HOB_PLUGIN_EXPORT const hob_plugin hob_plugin_entry;

#ifdef __cplusplus
}
#endif
#endif
