#include "conversation.hpp"

#include <exception>
#include <utility>

namespace hebbforge::nlopt_methods {

Conversation::Conversation(Minimizer minimizer, std::vector<double> known)
    : known_(std::move(known)), thread_([this, minimize = std::move(minimizer)] {
        try {
          ended_ =
              minimize([this](const Eigen::VectorXd& point, double& loss) { return evaluate(point, loss); });
        } catch (const std::exception& error) {
          ended_ = error.what();
        }
        done_ = true;
        asked_.release();
      }) {}

Conversation::~Conversation() {
  give_up_ = true;
  answered_.release();
  thread_.join();
}

bool Conversation::evaluate(const Eigen::VectorXd& point, double& loss) {
  if (give_up_) return false;
  if (known_used_ < known_.size()) {
    loss = known_[known_used_++];
    return true;
  }
  point_ = point;
  asked_.release();
  answered_.acquire();
  loss = loss_;
  return !give_up_;
}

bool Conversation::next() {
  if (!done_) asked_.acquire();
  return !done_;
}

void Conversation::answer(double loss) {
  loss_ = loss;
  answered_.release();
}

}  // namespace hebbforge::nlopt_methods
