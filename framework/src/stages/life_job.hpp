// Lives as jobs: here, or in another process that was told of them.
#pragma once

#include <atomic>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/export.hpp>
#include <hebbforge/host/pipeline.hpp>
#include <hebbforge/interfaces/executor.hpp>
#include <memory>
#include <string>
#include <vector>

namespace hebbforge {

/// Of a life's result, after the rows of LifeLayout: what a plugin said when it broke, as bytes.
inline constexpr Eigen::Index note_rows = 32;

/// How a life without a result ended. \param result  shape (LifeLayout::size() + note_rows)
void write_broken(LifeEnd end, const std::string& note, VectorView result) noexcept;
/// The note of a life that is_broken(). \param result  as above
std::string note_of(ConstVectorView result);

/// One life per job, each in a process of its own if the pipeline says so. Input: the network's index in its
/// set, then a candidate or nothing: the pipeline as it is. Result: as LifeLayout says, then a note.
/// From the main thread, while no other threads run.
/// \param pipeline    outlives the job
/// \param candidates  whether inputs have one
/// \param stop        looked at between trials; may be null
std::unique_ptr<Job> life_job(const Pipeline& pipeline, bool candidates, NetworkSet set,
                              bool reference_kernel, const std::atomic<bool>* stop);

/// Makes the jobs of life_job() from their descriptions.
class HEBBFORGE_API LifeJobMaker final : public JobMaker {
 public:
  /// \param registry   where plugins are found; outlives the maker
  /// \param pipelines  that lives will come from: all processes have to have the same
  LifeJobMaker(Registry& registry, const std::vector<Pipeline>& pipelines, bool reference_kernel);
  std::string setting() const override { return setting_; }
  std::unique_ptr<Job> make(const std::string& description, const std::atomic<bool>& stop) override;

 private:
  Registry& registry_;
  std::string setting_;
};

}  // namespace hebbforge
