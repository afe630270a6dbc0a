// What mpirun or srun says about the processes that it started.
#pragma once

namespace hebbforge::cli {

/// This process among those that one command line started; alone unless the environment tells otherwise.
struct Launch {
  int rank = 0, ranks = 1;
};
Launch launch() noexcept;

/// Before a failing process says why: all fail alike, and once the first has ended, the launcher ends the
/// others before they tell it again.
void let_first_rank_speak() noexcept;

}  // namespace hebbforge::cli
