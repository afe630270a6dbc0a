#include "launcher.hpp"

#include <chrono>
#include <cstdlib>
#include <thread>

namespace hebbforge::cli {
namespace {

int number(const char* variable, int otherwise) noexcept {
  const char* text = std::getenv(variable);
  return text ? std::atoi(text) : otherwise;
}

}  // namespace

Launch launch() noexcept {
  struct Names {
    const char *rank, *ranks;
  };
  // Open MPI; MPICH, Intel MPI and srun --mpi=pmi2; MVAPICH; srun --mpi=pmix.
  for (const Names& names :
       {Names{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, Names{"PMI_RANK", "PMI_SIZE"},
        Names{"MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"}, Names{"PMIX_RANK", "SLURM_STEP_NUM_TASKS"}}) {
    if (std::getenv(names.rank) && std::getenv(names.ranks))
      return {number(names.rank, 0), number(names.ranks, 1)};
  }
  return {};
}

void let_first_rank_speak() noexcept {
  if (launch().rank > 0) std::this_thread::sleep_for(std::chrono::seconds(3));
}

}  // namespace hebbforge::cli
