// One plugin with a tool for every way to go wrong, on the bare C interface.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

#include "plugins/abi/hob_plugin.h"

#ifndef HOB_BAD_VERSION
#define HOB_BAD_VERSION HOB_PLUGIN_VERSION
#endif
#ifndef HOB_BAD_SIZE
#define HOB_BAD_SIZE sizeof(hob_plugin)
#endif

namespace {

const hob_host* g_host = nullptr;
const hob_call* g_old_call = nullptr;

hob_text text(const std::string& s) { return {s.data(), s.size()}; }
void result(const hob_call* call, const std::string& json) { call->result(call, text(json)); }

__attribute__((noinline)) int overflow(int depth) {
  volatile char block[4096];
  block[depth % 4096] = static_cast<char>(depth);
  return depth < 0 ? 0 : overflow(depth + 1) + block[0];
}

std::string descriptors() {
  std::string out;
  for (int fd = 0; fd < 64; ++fd)
    if (::fcntl(fd, F_GETFD) != -1) out += (out.empty() ? "" : ",") + std::to_string(fd);
  return out;
}

std::string environment() {
  std::string out;
  for (char** v = environ; *v; ++v) out += std::string(out.empty() ? "" : ";") + *v;
  return out;
}

void call(void*, const hob_call* c) {
  const std::string tool(c->tool.data, c->tool.size);
  const std::string arguments(c->arguments.data, c->arguments.size);
  if (tool == "echo") return result(c, arguments);
  if (tool == "segfault") *static_cast<volatile int*>(nullptr) = 1;
  if (tool == "abort") std::abort();
  if (tool == "exit") std::exit(0);
  if (tool == "quick_exit") ::_exit(0);
  if (tool == "throw") throw std::runtime_error("thrown across C");
  if (tool == "throw_int") throw 7;
  if (tool == "terminate") std::terminate();
  if (tool == "kill_self") ::kill(::getpid(), SIGKILL);
  if (tool == "overflow") result(c, std::to_string(overflow(1)));
  if (tool == "loop")
    for (std::atomic<long> i = 0;; ++i) {
    }
  if (tool == "wait_for_cancel") {
    c->progress(c, text("waiting"));
    while (!c->cancelled(c)) std::this_thread::yield();
    return c->error(c, text("timeout"), text("Told to stop."), {});
  }
  if (tool == "progress_flood") {  // 1 GiB in pieces
    const std::string piece(1024, 'p');
    for (int i = 0; i < (1 << 20); ++i) c->progress(c, text(piece));
    return result(c, "{\"done\":true}");
  }
  if (tool == "print_flood") {  // 1 GiB on standard output
    const std::string block(1 << 20, 'x');
    long written = 0;
    for (int i = 0; i < 1024; ++i) written += ::write(1, block.data(), block.size());
    return result(c, "{\"written\":" + std::to_string(written) + "}");
  }
  if (tool == "big_result") return result(c, "{\"content\":\"" + std::string(8u << 20, 'b') + "\",\"lines\":1}");
  if (tool == "huge_result") return result(c, "\"" + std::string(32u << 20, 'h') + "\"");
  if (tool == "lying_size") return c->result(c, {"{}", size_t{1} << 30});
  if (tool == "memory") {
    size_t got = 0;
    for (; got < 4096; ++got) {
      void* block = std::malloc(1u << 20);
      if (!block) break;
      std::memset(block, 1, 1u << 20);
    }
    return result(c, "{\"mebibytes\":" + std::to_string(got) + "}");
  }
  if (tool == "invalid_json") return result(c, "{\"a\":");
  if (tool == "invalid_utf8") return result(c, "{\"a\":\"\xff\xfe\"}");
  if (tool == "deep_json") return result(c, std::string(100'000, '[') + std::string(100'000, ']'));
  if (tool == "empty") return c->result(c, {nullptr, 0});
  if (tool == "no_answer") return;
  if (tool == "two_answers") {
    result(c, "{\"first\":true}");
    return result(c, "{\"second\":true}");
  }
  if (tool == "strange_error")
    return c->error(c, text("Pwned\nkind"), text("\x1b[31mred\xff"), text(std::string(1 << 20, 'h')));
  if (tool == "keep_call") {
    g_old_call = c;
    return result(c, "{}");
  }
  if (tool == "use_kept_call") {
    if (g_old_call) result(g_old_call, "{\"late\":true}");
    return result(c, "{\"mine\":true}");
  }
  if (tool == "late_thread") {
    std::thread([c] {
      for (int i = 0; i < 1000; ++i) c->progress(c, text("late")), c->result(c, {"{\"late\":1}", 10});
    }).detach();
    return result(c, "{\"mine\":true}");
  }
  if (tool == "socket") return result(c, std::to_string(::socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? errno : 0));
  if (tool == "fork") return result(c, std::to_string(::fork() < 0 ? errno : 0));
  if (tool == "fork_bomb") {
    for (int i = 0; i < 1000; ++i) (void)::fork();
    return result(c, "{\"alive\":true}");
  }
  if (tool == "survive_parent") return result(c, std::to_string(::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0 ? errno : 0));
  if (tool == "open") {
    const std::string path = arguments.substr(9, arguments.size() - 11);  // {"path":"..."}
    return result(c, std::to_string(::open(path.c_str(), O_RDONLY) < 0 ? errno : 0));
  }
  if (tool == "leaks") return result(c, "{\"fds\":\"" + descriptors() + "\",\"env\":\"" + environment() + "\"}");
  if (tool == "leak_descriptors") {
    int opened = 0;
    while (::open("/dev/null", O_RDONLY) >= 0) ++opened;
    return result(c, std::to_string(opened));
  }
  if (tool == "extension") return result(c, g_host->get_extension(g_host, "draft/none") ? "1" : "0");
  if (tool == "log_flood") {
    for (int i = 0; i < 100'000; ++i) g_host->log(g_host, text("line"));
    return result(c, "{}");
  }
}

void* create(const hob_host* host, hob_text config) {
  g_host = host;
  const std::string wanted(config.data, config.size);
  if (wanted.find("refuse") != std::string::npos) {
    host->refuse(host, text("It does not like its configuration."));
    return nullptr;
  }
  if (wanted.find("throw") != std::string::npos) throw std::runtime_error("create");
  return &g_host;
}

}  // namespace

extern "C" HOB_PLUGIN_EXPORT const hob_plugin hob_plugin_entry = {
  HOB_BAD_SIZE, HOB_BAD_VERSION, create, call, [](void*) {}, nullptr,
};
