#include "stages/isolation.hpp"

#include <dlfcn.h>
#include <execinfo.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <hebbforge/error.hpp>
#include <hebbforge/register.hpp>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <hebbforge/host/quantity.hpp>
#include "host/resolved.hpp"
#include "stages/evaluator.hpp"
#include "stages/life_job.hpp"

namespace hebbforge {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto glance = 50ms;       // how often somebody who waits looks whether the run is to stop
constexpr auto last_words = 200ms;  // for a life that is over its time: to say where it is

/// What a life and the process that asked for it share.
struct Slot {
  sem_t done;
  std::int64_t index;
  Eigen::Index inputs;
  bool finished, timed_out;
  int status;           ///< as waitpid() gives it
  int error;            ///< why no process could be made; 0: there was one
  volatile int signal;  ///< that the life was struck by; 0: none
  char plugin[128];     ///< in whose code that was; "": unknown
};

/// Memory shared by this process, the nursery and its lives: a flag, then slots with their numbers.
class Shared {
 public:
  Shared(std::size_t slots, Eigen::Index inputs, Eigen::Index results) : inputs_(inputs), results_(results) {
    stride_ = sizeof(Slot) + sizeof(double) * static_cast<std::size_t>(inputs + results);
    stride_ =
        (stride_ + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);
    size_ = start + slots * stride_;
    void* memory = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      throw SimulationError(std::string("cannot share memory with processes: ") + std::strerror(errno));
    memory_ = static_cast<std::byte*>(memory);
    new (memory_) std::atomic<bool>(false);
    for (std::size_t k = 0; k < slots; ++k)
      ::sem_init(&(new (memory_ + start + k * stride_) Slot{})->done, 1, 0);
  }
  ~Shared() { ::munmap(memory_, size_); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  std::atomic<bool>& stop() noexcept { return *std::launder(reinterpret_cast<std::atomic<bool>*>(memory_)); }
  Slot& slot(std::size_t k) noexcept {
    return *std::launder(reinterpret_cast<Slot*>(memory_ + start + k * stride_));
  }
  double* input(std::size_t k) noexcept { return reinterpret_cast<double*>(&slot(k) + 1); }
  double* result(std::size_t k) noexcept { return input(k) + inputs_; }
  Eigen::Index results() const noexcept { return results_; }

 private:
  static constexpr std::size_t start = 64;
  Eigen::Index inputs_, results_;
  std::size_t stride_ = 0, size_ = 0;
  std::byte* memory_ = nullptr;
};

/// A plugin, as a signal handler can look it up.
struct PluginFile {
  std::string file, name;
};

std::uint64_t address_space() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// --- One life, in its process ---------------------------------------------------------------------------

Slot* own_slot = nullptr;
const std::vector<PluginFile>* own_plugins = nullptr;

// The innermost frame that lies in a plugin's library.
void note_plugin() noexcept {
  std::array<void*, 64> frames;
  const int count = ::backtrace(frames.data(), static_cast<int>(frames.size()));
  for (int k = 0; k < count; ++k) {
    Dl_info info;
    if (::dladdr(frames[static_cast<std::size_t>(k)], &info) == 0 || !info.dli_fname) continue;
    const char* slash = std::strrchr(info.dli_fname, '/');
    const char* file = slash ? slash + 1 : info.dli_fname;
    for (const PluginFile& plugin : *own_plugins) {
      if (plugin.file != file) continue;
      plugin.name.copy(own_slot->plugin, sizeof own_slot->plugin - 1);
      return;
    }
  }
}

extern "C" void on_fatal_signal(int signal) {
  own_slot->signal = signal;
  ::alarm(1);  // looking for the plugin may itself crash or hang: what has been noted stays
  std::signal(SIGALRM, SIG_DFL);
  std::signal(signal, SIG_DFL);
  note_plugin();
  ::raise(signal);
}

// Registered last, so it runs first: what the host does at its end is not for this process to do.
void on_exit_call(int status, void*) {
  note_plugin();
  ::_exit(status);
}

[[noreturn]] void be_life(Job& job, Shared& shared, std::size_t k, const EvaluationSpec& limits,
                          pid_t nursery, const std::vector<PluginFile>& plugins) {
  ::setpgid(0, 0);  // so that what it starts ends with it
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != nursery) ::_exit(1);
  own_slot = &shared.slot(k);
  own_plugins = &plugins;
  static std::array<char, 1 << 16> stack;  // for a handler after a stack overflow
  const stack_t elsewhere{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
  ::sigaltstack(&elsewhere, nullptr);
  struct sigaction action {};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU})
    ::sigaction(signal, &action, nullptr);
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::on_exit(on_exit_call, nullptr);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  // Sanitizers reserve more address space than there is memory.
  if (abi::this_fingerprint.sanitizers == 0) {
    const auto most = static_cast<rlim_t>(static_cast<double>(address_space()) + limits.memory_limit);
    const rlimit memory{most, most};
    ::setrlimit(RLIMIT_AS, &memory);
  }
  Slot& slot = *own_slot;
  job.run(slot.index, {shared.input(k), slot.inputs}, {shared.result(k), shared.results()});
  std::fflush(nullptr);  // what plugins printed
  slot.finished = true;
  ::_exit(0);
}

// --- The nursery: forks lives, ends those that take too long, tells how they ended ------------------------

class Nursery {
 public:
  Nursery(Job& job, Shared& shared, std::size_t slots, const EvaluationSpec& limits,
          const std::vector<PluginFile>& plugins, int requests)
      : job_(job),
        shared_(shared),
        limits_(limits),
        plugins_(plugins),
        requests_(requests),
        running_(slots) {}

  [[noreturn]] void run() {
    sigset_t children, others;
    ::sigemptyset(&children);
    ::sigaddset(&children, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &children, &others);
    ::sigdelset(&others, SIGCHLD);
    for (;;) {
      const timespec wait{0, std::chrono::nanoseconds(glance).count()};
      pollfd wanted{requests_, POLLIN, 0};
      // An ended life interrupts the waiting.
      if (::ppoll(&wanted, 1, count_ > 0 ? &wait : nullptr, &others) > 0) take_request();
      reap();
      look_at_clock();
    }
  }

 private:
  struct Running {
    pid_t process = 0;
    Clock::time_point deadline;
    bool told = false;  ///< that its time is over
  };

  void take_request() {
    std::size_t k = 0;
    if (::recv(requests_, &k, sizeof k, 0) != sizeof k) ::_exit(0);  // nobody asks any more
    const pid_t nursery = ::getpid();
    const pid_t process = ::fork();
    if (process == 0) be_life(job_, shared_, k, limits_, nursery, plugins_);
    if (process < 0) {
      shared_.slot(k).error = errno;
      ::sem_post(&shared_.slot(k).done);
      return;
    }
    ::setpgid(process, process);  // whoever is first
    running_[k] = {process,
                   Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(limits_.time_limit)),
                   false};
    ++count_;
  }

  void reap() {
    int status = 0;
    for (pid_t process = ::waitpid(-1, &status, WNOHANG); process > 0;
         process = ::waitpid(-1, &status, WNOHANG)) {
      const auto at = std::ranges::find(running_, process, &Running::process);
      if (at == running_.end()) continue;
      ::kill(-process, SIGKILL);  // what it has started
      Slot& slot = shared_.slot(static_cast<std::size_t>(at - running_.begin()));
      slot.status = status;
      slot.timed_out = at->told;
      *at = {};
      --count_;
      ::sem_post(&slot.done);
    }
  }

  void look_at_clock() {
    const auto now = Clock::now();
    const bool stop = shared_.stop().load();
    for (Running& life : running_) {
      if (life.process == 0) continue;
      if (stop) ::kill(-life.process, SIGKILL);  // nobody waits for its result
      if (stop || now < life.deadline) continue;
      ::kill(life.told ? -life.process : life.process, life.told ? SIGKILL : SIGXCPU);
      life.told = true;
      life.deadline = now + last_words;
    }
  }

  Job& job_;
  Shared& shared_;
  const EvaluationSpec& limits_;
  const std::vector<PluginFile>& plugins_;
  int requests_;
  std::vector<Running> running_;
  std::size_t count_ = 0;
};

// --- The process that wants lives to be run ---------------------------------------------------------------

class IsolatedLives final : public Job {
 public:
  IsolatedLives(const Pipeline& pipeline, const std::atomic<bool>* stop, std::unique_ptr<Job> job)
      : limits_(pipeline.evaluation),
        stop_(stop),
        slots_(std::max<std::size_t>(64, std::thread::hardware_concurrency())),
        shared_(slots_, 1 + static_cast<Eigen::Index>(pipeline.search ? pipeline.search->free.size() : 0),
                static_cast<Eigen::Index>(LifeLayout::of(pipeline).size()) + note_rows),
        job_(std::move(job)) {
    for (const RegisteredPlugin* plugin : plugins_of(pipeline))
      plugins_.push_back({plugin->library->file().filename().string(), std::string(plugin->name())});
    for (std::size_t k = 0; k < slots_; ++k) free_.push_back(k);
    std::array<void*, 1> frame;
    ::backtrace(frame.data(), 1);  // loads what it needs, which a signal handler must not
    start_nursery();
  }
  ~IsolatedLives() override {
    ::kill(nursery_, SIGKILL);  // and with it all its lives
    while (::waitpid(nursery_, nullptr, 0) < 0 && errno == EINTR) {
    }
    ::close(requests_);
  }

  void run(std::int64_t index, ConstVectorView input, VectorView result) noexcept override {
    const std::size_t k = take_slot();
    Slot& slot = shared_.slot(k);
    slot.index = index;
    slot.inputs = input.size();
    slot.finished = slot.timed_out = false;
    slot.status = slot.error = 0;
    slot.signal = 0;
    std::ranges::fill(slot.plugin, '\0');
    std::copy_n(input.data(), input.size(), shared_.input(k));
    const bool asked = ::send(requests_, &k, sizeof k, MSG_NOSIGNAL) == sizeof k;
    if (!asked || !wait_for(slot)) {  // its memory stays taken: a life may still write
      write_broken(LifeEnd::crashed, "the process that starts lives has ended", result);
      return;
    }
    if (slot.finished)
      std::copy_n(shared_.result(k), result.size(), result.data());
    else
      tell(slot, result);
    give_back(k);
  }

  std::string description() const override { return job_->description(); }
  bool stopped() const noexcept override { return stop_ && stop_->load(); }

 private:
  void start_nursery() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
      throw SimulationError(std::string("cannot make a socket: ") + std::strerror(errno));
    std::fflush(nullptr);  // or every process would print it again
    const pid_t parent = ::getpid();
    nursery_ = ::fork();
    if (nursery_ == 0) {
      ::setpgid(0, 0);  // Ctrl-C is for the parent, which tells
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      ::close(ends[0]);
      std::signal(SIGINT, SIG_IGN);
      std::signal(SIGTERM, SIG_IGN);
      std::signal(SIGCHLD, [](int) {});  // only to interrupt
      Nursery(*job_, shared_, slots_, limits_, plugins_, ends[1]).run();
    }
    const int error = errno;
    ::close(ends[1]);
    requests_ = ends[0];
    if (nursery_ > 0) return;
    ::close(requests_);
    throw SimulationError(std::string("cannot make a process: ") + std::strerror(error));
  }

  std::size_t take_slot() {
    std::unique_lock lock(mutex_);
    given_back_.wait(lock, [&] { return !free_.empty(); });
    const std::size_t k = free_.back();
    free_.pop_back();
    return k;
  }
  void give_back(std::size_t k) {
    {
      const std::lock_guard lock(mutex_);
      free_.push_back(k);
    }
    given_back_.notify_one();
  }

  bool wait_for(Slot& slot) {
    for (;;) {
      timespec until;
      ::clock_gettime(CLOCK_MONOTONIC, &until);
      until.tv_nsec += std::chrono::nanoseconds(glance).count();
      until.tv_sec += until.tv_nsec / 1'000'000'000;
      until.tv_nsec %= 1'000'000'000;
      if (::sem_clockwait(&slot.done, CLOCK_MONOTONIC, &until) == 0) return true;
      if (stopped()) shared_.stop() = true;
      siginfo_t ended{};
      if (::waitid(P_PID, static_cast<id_t>(nursery_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
          ended.si_pid == nursery_)
        return false;
    }
  }

  void tell(const Slot& slot, VectorView result) const {
    if (stopped()) {
      write_broken(LifeEnd::cancelled, "", result);
      return;
    }
    const std::string where = slot.plugin[0] ? std::string(", in plugin '") + slot.plugin + "'" : "";
    if (slot.error != 0) {
      write_broken(LifeEnd::crashed, std::string("cannot make a process: ") + std::strerror(slot.error),
                   result);
    } else if (slot.timed_out) {
      write_broken(LifeEnd::timed_out,
                   "still running after " + quantity_text(limits_.time_limit, "s") + where, result);
    } else if (WIFSIGNALED(slot.status)) {
      const int signal = slot.signal != 0 ? slot.signal : WTERMSIG(slot.status);
      write_broken(LifeEnd::crashed,
                   std::string(::sigdescr_np(signal) ? ::sigdescr_np(signal) : "a signal") + " (signal " +
                       std::to_string(signal) + ")" + where,
                   result);
    } else {
      write_broken(LifeEnd::exited, "exit status " + std::to_string(WEXITSTATUS(slot.status)) + where,
                   result);
    }
  }

  const EvaluationSpec limits_;
  const std::atomic<bool>* stop_;
  std::size_t slots_;
  Shared shared_;
  std::unique_ptr<Job> job_;
  std::vector<PluginFile> plugins_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::size_t> free_;
  pid_t nursery_ = -1;
  int requests_ = -1;
};

}  // namespace

std::unique_ptr<Job> isolated_lives(const Pipeline& pipeline, const std::atomic<bool>* stop,
                                    std::unique_ptr<Job> job) {
  return std::make_unique<IsolatedLives>(pipeline, stop, std::move(job));
}

}  // namespace hebbforge
