// Turns a minimizer that calls its objective into one that is asked and told.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

namespace hebbforge::nlopt_methods {

/// A minimizer in a thread of its own, which runs only while next() waits for it: the two never work at the
/// same time. The thread also keeps NLopt's random numbers, which are the thread's, apart from those of
/// others.
class Conversation {
 public:
  /// The objective as the minimizer sees it. False: the minimizer has to give up.
  using Objective = std::function<bool(const Eigen::VectorXd& point, double& loss)>;
  /// Runs until it is done, and says why it ended: "xtol".
  using Minimizer = std::function<std::string(const Objective& objective)>;

  /// \param known  losses of the first points, which are not asked for again
  Conversation(Minimizer minimizer, std::vector<double> known);
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  /// Waits for the next point. False: the minimizer has ended.
  bool next();
  const Eigen::VectorXd& point() const noexcept { return point_; }
  void answer(double loss);
  const std::string& ended() const noexcept { return ended_; }  ///< once next() was false

 private:
  bool evaluate(const Eigen::VectorXd& point, double& loss);
  std::vector<double> known_;
  std::size_t known_used_ = 0;
  Eigen::VectorXd point_;
  double loss_ = 0;
  bool done_ = false, give_up_ = false;
  std::string ended_;
  std::binary_semaphore asked_{0}, answered_{0};
  std::thread thread_;
};

}  // namespace hebbforge::nlopt_methods
