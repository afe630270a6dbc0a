// What the parts of one network's life share: stimulus, perturbation, constraint, loss.
#pragma once

#include <cstdint>
#include <hebbforge/export.hpp>
#include <hebbforge/random.hpp>
#include <hebbforge/types.hpp>
#include <span>
#include <string_view>

namespace hebbforge {

/// What is fixed before a life begins. Unknown names throw Error.
class HEBBFORGE_API LifeContext {
 public:
  virtual ~LifeContext();
  virtual double dt() const noexcept = 0;             ///< s
  virtual std::int64_t network() const noexcept = 0;  ///< index within its set, from 0
  virtual std::int64_t trials() const noexcept = 0;   ///< of the whole life
  /// Time points of a trial, the state before the first step included: duration / dt.
  virtual std::int64_t steps(std::int64_t trial) const = 0;
  /// Names of all populations, in order.
  virtual std::span<const std::string_view> populations() const noexcept = 0;
  virtual Eigen::Index cells(std::string_view population) const = 0;
  /// Index of the population's first cell where files number the cells of all populations through.
  virtual Eigen::Index first_cell(std::string_view population) const = 0;
  /// Names of all pathways, in order.
  virtual std::span<const std::string_view> pathways() const noexcept = 0;
  virtual std::string_view presynaptic(std::string_view pathway) const = 0;   ///< population
  virtual std::string_view postsynaptic(std::string_view pathway) const = 0;  ///< population
  /// A numeric dataset of the pipeline's `input` file, as the file indexes it; one-dimensional ones are a
  /// column. Of three dimensions (trial, time, channel): shape (channels, trials * times), trial after trial.
  virtual ConstMatrixView dataset(std::string_view name) const = 0;
  virtual bool has_dataset(std::string_view name) const noexcept = 0;
  /// Extents of a dataset in the file, as numpy's `shape`.
  virtual std::span<const std::int64_t> dataset_shape(std::string_view name) const = 0;
  virtual std::string_view input_file() const noexcept = 0;  ///< for messages; "": there is none
  /// Trials of the life that a text names, as in Recording::trials, ascending.
  virtual std::span<const std::int64_t> trials_named(std::string_view text) const = 0;
  /// What the stimulus of a trial says about it: a target, a label; see Stimulus::signal(). Not for stimuli.
  virtual ConstMatrixView signal(std::string_view name, std::int64_t trial) const = 0;
};

/// A life as its parts see and change it between trials.
class HEBBFORGE_API LifeView : public LifeContext {
 public:
  ~LifeView() override;
  virtual MatrixView weights(std::string_view pathway) = 0;        ///< W(post, pre)
  virtual MatrixView plastic(std::string_view pathway) = 0;        ///< its mask, 1 or 0
  virtual VectorView input_gain(std::string_view population) = 0;  ///< on each cell's fresh input
  /// Of the part that asks, one matrix per recorded trial: rates (cells, samples), or weights W(post, pre)
  /// after the trial. Between trials there is at most that of "previous", and none before the first trial.
  virtual std::span<const ConstMatrixView> recording(std::string_view name) const = 0;
  virtual ConstVectorView effects(
      std::string_view pathway) const = 0;  ///< shape (terms), summed over the life
  virtual bool has_rule(std::string_view pathway) const = 0;
};

/// What a part wants to have recorded: losses any trials, which they see when the life is over; perturbations
/// and constraints the rates of "previous", the trial before the one that they act on. Nothing is kept that
/// no part asks for.
struct Recording {
  std::string_view name;      ///< how the part refers to it: "fit"
  std::string_view quantity;  ///< "E.rate", "rate" (all populations), "EE.weight"
  std::string_view
      trials;  ///< "organise[-56:-30:5]", "last", or "time.fit": those of another loss; or "previous"
  std::int64_t stride = 1;  ///< steps between samples
};

/// Made for one life, the candidate's values in its Config; may keep state. One thread at a time.
class HEBBFORGE_API LifePart {
 public:
  virtual ~LifePart();
  virtual std::span<const Recording> recordings() const noexcept { return {}; }
  /// The context stays valid as long as the part.
  virtual void begin_life(const LifeContext&, Random&) {}
};

}  // namespace hebbforge
