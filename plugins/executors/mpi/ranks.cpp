#include "ranks.hpp"

#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

namespace mpi_plugin {

using namespace std::chrono_literals;

Eigen::VectorXd Message::numbers() const {
  Eigen::VectorXd all(static_cast<Eigen::Index>(bytes.size() / sizeof(double)));
  std::memcpy(all.data(), bytes.data(), static_cast<std::size_t>(all.size()) * sizeof(double));
  return all;
}

Ranks& Ranks::all() {
  static Ranks ranks;
  return ranks;
}

Ranks::Ranks() {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &own_);
  MPI_Comm_size(MPI_COMM_WORLD, &count_);
}

Ranks::~Ranks() {
  if (lost_) return;
  int present = count_ - 1;
  if (own_ == 0) {
    for (int rank = 1; rank < count_; ++rank) send(rank, Tag::quit);
  } else {
    send(0, Tag::goodbye);
    present = 0;
  }
  // What still comes belongs to work that was dropped.
  while (!sent() || present > 0) {
    if (const auto message = receive())
      present -= message->tag == Tag::goodbye;
    else
      rest();
  }
  MPI_Finalize();
}

void Ranks::send(int to, Tag tag, std::string bytes) {
  Sending& sending = outbox_.emplace_back(Sending{std::move(bytes), MPI_REQUEST_NULL});
  MPI_Isend(sending.bytes.data(), static_cast<int>(sending.bytes.size()), MPI_BYTE, to, static_cast<int>(tag),
            MPI_COMM_WORLD, &sending.request);
}

void Ranks::send(int to, Tag tag, const Eigen::VectorXd& numbers) {
  std::string bytes(static_cast<std::size_t>(numbers.size()) * sizeof(double), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  send(to, tag, std::move(bytes));
}

std::optional<Message> Ranks::receive() {
  sent();
  int there = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
  if (!there) return std::nullopt;
  int size = 0;
  MPI_Get_count(&status, MPI_BYTE, &size);
  Message message{status.MPI_SOURCE, static_cast<Tag>(status.MPI_TAG),
                  std::string(static_cast<std::size_t>(size), '\0')};
  MPI_Recv(message.bytes.data(), size, MPI_BYTE, message.from, status.MPI_TAG, MPI_COMM_WORLD,
           MPI_STATUS_IGNORE);
  return message;
}

bool Ranks::sent() {
  for (auto sending = outbox_.begin(); sending != outbox_.end();) {
    int gone = 0;
    MPI_Test(&sending->request, &gone, MPI_STATUS_IGNORE);
    sending = gone ? outbox_.erase(sending) : std::next(sending);
  }
  return outbox_.empty();
}

void rest() { std::this_thread::sleep_for(100us); }

}  // namespace mpi_plugin
