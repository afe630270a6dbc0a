// Measures of a sequence, on sequences that are known.
#include <Eigen/Core>
#include <boost/test/unit_test.hpp>

#include "../../plugins/losses/sequence_structure/sequence_structure.hpp"

namespace hebbforge {
using namespace sequence_structure;

// Four cells: cell 2 fires first, then 0, then 3; cell 1 is silent.
Eigen::MatrixXd rates() {
  Eigen::MatrixXd r = Eigen::MatrixXd::Zero(4, 30);
  r.row(2).segment(2, 3) << 1, 2, 1;
  r.row(0).segment(10, 3) << 1, 4, 1;
  r.row(3).segment(20, 4) << 2, 2, 2, 2;
  return r;
}

BOOST_AUTO_TEST_CASE(cells_are_ordered_by_the_centre_of_mass_of_their_rates_and_silent_ones_come_last) {
  const Eigen::MatrixXd r = rates();
  const auto order = firing_order(view_of(r));
  const std::vector<Eigen::Index> expected{2, 0, 3, 1};
  BOOST_TEST(order == expected, boost::test_tools::per_element());
  BOOST_TEST(rank_of(3, order) == 2);
}

BOOST_AUTO_TEST_CASE(amplitude_is_the_peak_and_duration_the_integral_over_it) {
  const Eigen::MatrixXd r = rates();
  BOOST_TEST(response_of(r.row(0), 0.5).amplitude == 4);
  BOOST_TEST(response_of(r.row(0), 0.5).duration == 0.75);  // (1 + 4 + 1) / 4 * 0.5
  BOOST_TEST(response_of(r.row(3), 1).duration == 4);
  BOOST_TEST(response_of(r.row(1), 1).duration == 0);
}

BOOST_AUTO_TEST_CASE(a_chain_is_all_feedforward_and_a_symmetric_matrix_half) {
  const Eigen::MatrixXd r = rates();
  const auto order = firing_order(view_of(r));
  Eigen::MatrixXd chain = Eigen::MatrixXd::Zero(4, 4);
  chain(0, 2) = 3;  // W(post, pre): from the first cell to the second
  chain(3, 0) = 5;
  chain(1, 3) = 100;  // onto a silent cell: does not count
  BOOST_TEST(feedforward_mass(view_of(std::as_const(chain)), order, 3) == 1);
  BOOST_TEST(lag_kernel(view_of(std::as_const(chain)), order, 3, 1) == 4);
  BOOST_TEST(lag_kernel(view_of(std::as_const(chain)), order, 3, 2) == 0);
  BOOST_TEST(lag_kernel(view_of(std::as_const(chain)), order, 3, 3) == 0);
  const Eigen::MatrixXd symmetric = chain + chain.transpose();
  BOOST_TEST(feedforward_mass(view_of(symmetric), order, 3) == 0.5);
}

BOOST_AUTO_TEST_CASE(recurrent_inhibition_is_the_weight_of_the_loops_through_inhibitory_cells) {
  Eigen::MatrixXd onto(2, 3), from(3, 2);
  onto << 1, 2, 3, 4, 5, 6;        // W(inhibitory, cell)
  from << -1, -2, -3, -4, -5, -6;  // W(cell, inhibitory)
  const double loop = recurrent_inhibition(view_of(std::as_const(onto)), view_of(std::as_const(from)), 1);
  BOOST_TEST(loop == 2 * 3 + 5 * 4);
}

}  // namespace hebbforge
