// The processes that mpirun started, and messages between them.
#pragma once

#include <mpi.h>

#include <Eigen/Core>
#include <list>
#include <optional>
#include <string>

namespace mpi_plugin {

/// What a message is.
enum class Tag : int {
  setting = 1,  ///< to rank 0, first: what has to be equal everywhere
  job,          ///< to all: the description of the job whose tasks follow
  task,         ///< to one: index, rows of the result, input
  result,       ///< back: index, result
  refusal,      ///< back: why the job cannot be made, a sentence
  stop,         ///< to all: what runs may end without a result
  stopping,     ///< back, at once: it was heard
  quit,         ///< to all: nothing follows
  goodbye       ///< back: the same
};

struct Message {
  int from = 0;
  Tag tag = Tag::setting;
  std::string bytes;
  Eigen::VectorXd numbers() const;  ///< the bytes, of a task or result
};

/// This process among the others. MPI begins with the first use and ends with the library. One thread.
class Ranks {
 public:
  static Ranks& all();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int own() const noexcept { return own_; }
  int count() const noexcept { return count_; }
  /// Returns at once; nobody waits for anybody, so nobody waits for ever.
  void send(int to, Tag tag, std::string bytes = {});
  void send(int to, Tag tag, const Eigen::VectorXd& numbers);
  /// The next message, if one has come.
  std::optional<Message> receive();
  /// \returns whether all that was sent has gone
  bool sent();
  /// Somebody does not answer any more, so there is no orderly end.
  void lose() noexcept { lost_ = true; }

 private:
  Ranks();
  ~Ranks();
  struct Sending {
    std::string bytes;
    MPI_Request request;
  };
  int own_ = 0, count_ = 1;
  bool lost_ = false;
  std::list<Sending> outbox_;
};

/// For who waits for messages: neither burns a processor nor lets others wait.
void rest();

}  // namespace mpi_plugin
