#include "host/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <hebbforge/error.hpp>
#include <hebbforge/plugin_abi.hpp>
#include <hebbforge/register.hpp>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include <hebbforge/host/quantity.hpp>

namespace hebbforge {
namespace {

constexpr char end_of_message = '\0';
const std::string finished = "\x01";

void send_all(int to, std::string text) {
  text += end_of_message;
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(to, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) ::_exit(1);  // nobody listens
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void limit(__rlimit_resource resource, std::uint64_t value) {
  const rlimit both{value, value};
  ::setrlimit(resource, &both);
}

// Never returns: neither destructors of the host nor of the plugin run, and no buffer is written twice.
[[noreturn]] void be_child(int to, const ChildLimits& limits, pid_t parent,
                           const std::function<void(const std::function<void(std::string)>&)>& work) {
  ::setpgid(0, 0);  // so that what it starts ends with it
#if defined(__linux__)
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (::getppid() != parent) ::_exit(1);
  // What strikes the child ends it, and is told by its parent.
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGINT, SIGTERM, SIGHUP})
    std::signal(signal, SIG_DFL);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  limit(RLIMIT_CORE, 0);
  // Sanitizers reserve more address space than there is memory.
  if (limits.memory > 0 && abi::this_fingerprint.sanitizers == 0) limit(RLIMIT_AS, limits.memory);
  try {
    work([to](std::string text) { send_all(to, std::move(text)); });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(1);
  }
  std::fflush(nullptr);
  send_all(to, finished);
  ::_exit(0);
}

class Child {
 public:
  Child(const ChildLimits& limits, const std::function<void(const std::function<void(std::string)>&)>& work) {
    std::fflush(nullptr);  // or the child would print it again
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      throw SimulationError(std::string("cannot make a pipe: ") + std::strerror(errno));
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      be_child(ends[1], limits, parent, work);
    }
    ::close(ends[1]);
    from_ = ends[0];
    if (pid_ < 0) {
      ::close(from_);
      throw SimulationError(std::string("cannot make a process: ") + std::strerror(errno));
    }
    ::setpgid(pid_, pid_);  // whoever is first
    group_ = pid_;
  }
  ~Child() {
    end();
    ::close(from_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int from() const noexcept { return from_; }
  /// Ends whatever still runs, what the child has started included.
  void end() {
    ::kill(-group_, SIGKILL);
    wait();
  }
  void wait() {
    while (pid_ > 0 && ::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
  }
  /// \returns whether it has ended by itself; then status() is what waitpid() says
  bool has_ended() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = 0;
    return pid_ == 0;
  }
  int status() const noexcept { return status_; }

 private:
  pid_t pid_ = 0, group_ = 0;
  int from_ = -1, status_ = 0;
};

}  // namespace

std::string run_in_child(const ChildLimits& limits,
                         const std::function<void(const std::function<void(std::string)>&)>& work,
                         const std::function<void(const std::string&)>& message) {
  using Clock = std::chrono::steady_clock;
  Child child(limits, work);
  const std::chrono::duration<double> patience(limits.silence);
  auto heard = Clock::now();
  std::string text;
  bool done = false, open = true;
  while (!done && (open || !child.has_ended())) {
    const std::chrono::duration<double, std::milli> left = patience - (Clock::now() - heard);
    if (left.count() <= 0) {
      if (child.has_ended()) break;
      return "hung: nothing for " + quantity_text(limits.silence, "s");
    }
    // What the child has started may hold the pipe open after its end; the child may close it and go on.
    pollfd wanted{open ? child.from() : -1, POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(std::min(left.count() + 1, open ? 1000.0 : 10.0))) <= 0) continue;
    std::array<char, 4096> buffer;
    const ssize_t read = ::read(child.from(), buffer.data(), buffer.size());
    if (read < 0 && errno == EINTR) continue;
    open = read > 0;
    if (!open) continue;
    text.append(buffer.data(), static_cast<std::size_t>(read));
    for (auto end = text.find(end_of_message); end != text.npos; end = text.find(end_of_message)) {
      const std::string one = text.substr(0, end);
      text.erase(0, end + 1);
      heard = Clock::now();
      done = done || one == finished;
      if (!done) message(one);
    }
  }
  if (done) return {};
  const int status = child.status();
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return std::string("crashed: ") + ::strsignal(signal) + " (signal " + std::to_string(signal) + ")";
  }
  return "ended the process with exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace hebbforge
