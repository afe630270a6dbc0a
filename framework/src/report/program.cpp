#include "report/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <hebbforge/error.hpp>

extern char** environ;

namespace hebbforge::report {
namespace {

constexpr std::size_t most_output = 64 * 1024;

void check(int error, const char* doing) {
  if (error != 0) throw SimulationError(std::string("cannot ") + doing + ": " + std::strerror(error));
}

class Spawn {
 public:
  Spawn() {
    check(::posix_spawn_file_actions_init(&actions_), "prepare a process");
    if (const int error = ::posix_spawnattr_init(&attributes_); error != 0) {
      ::posix_spawn_file_actions_destroy(&actions_);
      check(error, "prepare a process");
    }
  }
  ~Spawn() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  /// \returns an error number; 0: it runs
  int start(const std::vector<std::string>& words, const std::filesystem::path& directory, int output,
            pid_t& pid) {
    check(::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0),
          "prepare a process");
    check(::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO), "prepare a process");
    check(::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO), "prepare a process");
    check(::posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str()), "prepare a process");
    // Ctrl-C is for us; what we ignore or block the child should not.
    sigset_t defaults, none;
    ::sigemptyset(&none);
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    check(::posix_spawnattr_setsigmask(&attributes_, &none), "prepare a process");
    check(::posix_spawnattr_setsigdefault(&attributes_, &defaults), "prepare a process");
    check(::posix_spawnattr_setpgroup(&attributes_, 0), "prepare a process");
    check(::posix_spawnattr_setflags(&attributes_,
                                     POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF),
          "prepare a process");
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    return ::posix_spawnp(&pid, arguments[0], &actions_, &attributes_, arguments.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

struct Pipe {
  int ends[2];
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) check(errno, "make a pipe");
  }
  ~Pipe() {
    close_writing();
    ::close(ends[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_writing() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
};

}  // namespace

ProgramResult run_program(const std::vector<std::string>& words, const std::filesystem::path& directory,
                          double seconds) {
  using Clock = std::chrono::steady_clock;
  ProgramResult result;
  Pipe pipe;
  pid_t pid = 0;
  if (const int error = Spawn().start(words, directory, pipe.ends[1], pid); error != 0) {
    if (error != ENOENT && error != EACCES) check(error, ("start " + words[0]).c_str());
    result.found = false;
    return result;
  }
  pipe.close_writing();
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  bool open = true;
  while (open) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) break;
    pollfd wanted{pipe.ends[0], POLLIN, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(std::min<long long>(left, 60'000)));
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    std::array<char, 4096> buffer;
    const ssize_t read = ::read(pipe.ends[0], buffer.data(), buffer.size());
    if (read < 0 && errno == EINTR) continue;
    open = read > 0;
    if (open && result.output.size() < most_output)
      result.output.append(buffer.data(), static_cast<std::size_t>(read));
  }
  if (open) {
    ::kill(-pid, SIGKILL);
    result.output += "\nended after " + std::to_string(static_cast<long>(seconds)) + " s";
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace hebbforge::report
