// The report of a run: its pieces, its sections, its figures.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <csignal>
#include <fstream>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/host/run.hpp>
#include <iterator>
#include <limits>
#include <sstream>

#include "host/hdf5_file.hpp"
#include "registry.hpp"
#include "report/drawing.hpp"
#include "report/figures.hpp"
#include "report/formula.hpp"
#include "report/html.hpp"
#include "report/page.hpp"
#include "report/program.hpp"
#include "report/recorded_life.hpp"
#include "report/run_data.hpp"
#include "report/section.hpp"

using namespace hebbforge;
using namespace hebbforge::report;
namespace {

const std::filesystem::path small = std::filesystem::path(HEBBFORGE_TEST_DATA) / "pipelines/small.toml";
constexpr double infinite = std::numeric_limits<double>::infinity();

const std::filesystem::path& finished_run() {
  static const std::filesystem::path directory = [] {
    const auto made = scratch("report") / "run";
    PipelineOptions short_search;
    short_search.overrides = {"search.budget={generations=2}"};
    RunOptions options;
    options.directory = made;
    run_search(load_pipeline(built_plugins(), small, short_search), options);
    return made;
  }();
  return directory;
}

// Every kind of stage; `rule` is what they are about.
std::vector<std::string> all_stages(const std::string& rule) {
  const std::string rules = "rules={found=\"" + rule + "\",none=\"no_plasticity\"},networks=2";
  return {
      "stage.drop={kind=\"dropout\",rule=\"" + rule + "\",networks=2}",
      "stage.turnover={kind=\"sweep\"," + rules + ",vary={\"perturbation.turnover.probability\"=[0,0.01]}}",
      "stage.map={kind=\"sweep\"," + rules +
          ",vary={\"perturbation.turnover.probability\"=[0,0.01],\"phase.organise.duration\"=[\"80 "
          "ms\",\"110 ms\"]}}",
      "stage.test={kind=\"compare\"," + rules +
          ",published_statistics=true,conditions={short={},long={phase={organise={trials=14}}}}}",
      "stage.lives={kind=\"simulate\",rule=\"" + rule + "\",networks=2}"};
}

const std::filesystem::path& run_with_stages() {
  static const std::filesystem::path directory = [] {
    const auto made = scratch("report_stages") / "run";
    PipelineOptions options;
    options.overrides = all_stages("search");
    options.overrides.insert(options.overrides.end(),
                             {"search.budget={generations=2}", "networks.report=2",
                              "stage.refit={kind=\"rank_and_refit\",dropout=\"drop\",terms=[1,2],budget={"
                              "generations=1}}",
                              "stage.forward={kind=\"forward_selection\",terms=2,budget={generations=1}}"});
    RunOptions run;
    run.directory = made;
    const Pipeline pipeline = load_pipeline(built_plugins(), small, options);
    const RunSummary found = run_search(pipeline, run);
    run_stages(pipeline, &found, run);
    return made;
  }();
  return directory;
}

std::string section_of(const std::string& page, const std::string& id) {
  const auto begin = page.find("<section id=\"" + id + "\">");
  return begin == page.npos ? "" : page.substr(begin, page.find("</section>", begin) - begin);
}

// Without gnuplot: the words of a page do not need it.
std::string page_of(const std::vector<RunData>& runs, int refresh = 0) {
  return make_page(runs, {refresh, false, "no-such-gnuplot"}).html;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

bool gnuplot_is_missing() {
  if (run_program({"gnuplot", "--version"}, ".", 10).found) return false;
  BOOST_TEST_MESSAGE("skipped: gnuplot is not installed");
  return true;
}

Line line_of(std::vector<double> x, std::vector<double> y) {
  Line line;
  line.x = std::move(x);
  line.y = std::move(y);
  return line;
}

}  // namespace

BOOST_AUTO_TEST_CASE(text_that_looks_like_markup_stays_text) {
  BOOST_TEST(escaped("<b class=\"x\">&'") == "&lt;b class=&quot;x&quot;&gt;&amp;&#39;");
  BOOST_TEST(escaped("x̃ µ 𝛴") == "x̃ µ 𝛴");
  const std::string replacement = "\xEF\xBF\xBD";
  BOOST_TEST(escaped("a\xFF\x01z") == "a" + replacement + replacement + "z");
  BOOST_TEST(escaped("\xC0\xAF") == replacement + replacement);                    // an overlong '/'
  BOOST_TEST(escaped("\xED\xA0\x80") == replacement + replacement + replacement);  // half a surrogate pair
  BOOST_TEST(escaped("a\xE2\x82") == "a" + replacement + replacement);             // cut short
}

BOOST_AUTO_TEST_CASE(numbers_are_short_and_have_a_real_minus_sign) {
  BOOST_TEST(number_text(-0.00162) == "−0.00162");
  BOOST_TEST(number_text(565653.07) == "5.657·10⁵");
  BOOST_TEST(number_text(1e-7) == "10⁻⁷");
  BOOST_TEST(number_text(-1e12) == "−10¹²");
  BOOST_TEST(number_text(std::nan("")) == "–");
  BOOST_TEST(number_text(infinite) == "∞");
}

BOOST_AUTO_TEST_CASE(a_rule_in_latex_becomes_a_typeset_formula) {
  const std::string html = mathml(R"(\dot w_{ij} = 0.0179\,\tilde{x}_j y_i - 8.2e-05\,w_{ij}^2)");
  BOOST_TEST(count(html, "<math>") == 2);  // a line may break between summands
  BOOST_TEST(has(html, "<msub><mover><mi>w</mi><mo>˙</mo></mover><mrow><mi>i</mi><mi>j</mi></mrow></msub>"));
  BOOST_TEST(has(html, "<mn>0.0179</mn>"));
  BOOST_TEST(
      has(html, "<msub><mover accent=\"true\"><mrow><mi>x</mi></mrow><mo>~</mo></mover><mi>j</mi></msub>"));
  BOOST_TEST(has(html, "<math><mo form=\"infix\">−</mo>"));
  BOOST_TEST(has(html, "<mn>8.2</mn><mo>·</mo><msup><mn>10</mn><mrow><mo>−</mo><mn>5</mn></mrow></msup>"));
  BOOST_TEST(has(html, "<msubsup><mi>w</mi><mrow><mi>i</mi><mi>j</mi></mrow><mn>2</mn></msubsup>"));
  BOOST_TEST(mathml(R"(\frac{1}{\theta})") ==
             "<math><mfrac><mrow><mn>1</mn></mrow><mrow><mi>θ</mi></mrow></mfrac></math>");
}

BOOST_AUTO_TEST_CASE(latex_that_is_no_formula_ends_and_is_escaped) {
  BOOST_TEST(!has(mathml(R"(\nonsense{<script>} & x)"), "<script"));
  BOOST_TEST(has(mathml(R"(\nonsense)"), "<mtext>nonsense</mtext>"));
  for (const std::string text : {"}", "{", "_", "x^", "\\", "\\frac", "\\tilde", "\\text{x", "a}b", ""}) {
    const std::string html = mathml(text);
    for (const char* tag : {"math", "mrow", "mover", "mfrac", "msub", "msup"})
      BOOST_TEST(count(html, "<" + std::string(tag) + ">") + count(html, "<" + std::string(tag) + " ") ==
                     count(html, "</" + std::string(tag) + ">"),
                 text);
  }
  mathml(std::string(100000, '{'));  // as deep as it likes
}

BOOST_AUTO_TEST_CASE(terms_are_named_as_people_write_them) {
  BOOST_TEST(term_text("w*x~*y") == "w x̃ y");
  BOOST_TEST(term_text("1") == "1");
  BOOST_TEST(CoefficientNames({"EE.c.x~*y", "EE.c.1"}).of("EE.c.x~*y") == "x̃ y");
  BOOST_TEST(CoefficientNames({"EE.c.x~*y", "EI.c.x~*y"}).of("EI.c.x~*y") == "EI.x̃ y");
  BOOST_TEST(CoefficientNames({"EE.hebb"}).of("EE.hebb") == "EE.hebb");
}

BOOST_AUTO_TEST_CASE(cells_are_sorted_by_the_centre_of_mass_of_their_rates) {
  Eigen::MatrixXd rates(5, 4);
  rates << 9, 0, 0, 0,  // of another population
      0, 0, 0, 0,       // silent
      0, 0, 1, 3,       //
      2, 2, 0, 0,       //
      0, 1, 1, 0;
  const auto order = firing_order(rates, {"E", 1, 4});
  const std::vector<Eigen::Index> expected{3, 4, 2, 1};
  BOOST_TEST(order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_life_keeps_the_rates_of_the_trials_that_are_asked_for) {
  const RunData run = read_run_data(finished_run());
  const RecordedLife life = record_life(picked_pipeline(built_plugins(), run));
  const std::vector<std::int64_t> trials{0, 6, 11};
  BOOST_TEST(life.trials == trials, boost::test_tools::per_element());
  BOOST_TEST_REQUIRE(life.rates.size() == 3);
  BOOST_TEST((life.rates[0] != life.rates[2]));
  BOOST_TEST(life.blocks[life.shown].name == "E");
  // The same network and rule as the example of results.h5.
  const auto example = example_life(run);
  BOOST_TEST_REQUIRE(example.has_value());
  BOOST_TEST(example->trials.front() == 11);
  BOOST_TEST((example->rates.front() == life.rates[2]));
  BOOST_TEST((example->before == life.before));
  BOOST_TEST((example->after == life.after));
}

BOOST_AUTO_TEST_CASE(a_life_keeps_the_firing_times_of_evenly_spaced_trials) {
  const RecordedLife life = record_life(picked_pipeline(built_plugins(), read_run_data(finished_run())));
  const CellBlock& cells = life.blocks[life.shown];
  BOOST_TEST_REQUIRE(life.firing_times.rows() == 25);
  BOOST_TEST_REQUIRE(life.firing_times.cols() == 12);  // all trials: they are few
  for (std::size_t k = 0; k < 3; ++k) {
    const Eigen::VectorXd times = life.dt * firing_times(life.rates[k], cells);
    for (Eigen::Index i = 0; i < 25; ++i) {
      const double kept = life.firing_times(i, life.trials[k]);
      BOOST_TEST((kept == times[i] || (std::isnan(kept) && std::isnan(times[i]))));
    }
  }
  BOOST_TEST(life.firing_times(0, 0) > 0);
  BOOST_TEST(life.firing_times(0, 0) < 0.110);
  FigureList figures;
  firing_figure("order", life, figures);
  BOOST_TEST_REQUIRE(figures.all().size() == 1);
  BOOST_TEST(has(figures.all()[0].script, "mean firing time / ms"));
  BOOST_TEST(has(figures.all()[0].script, "set xrange [0.5:12.5]"));
}

namespace {

// Columns of a block of a figure's data.
std::vector<std::vector<double>> block_of(const Figure& figure, std::size_t index) {
  std::string text = figure.data.at(0);
  for (; index > 0; --index) text.erase(0, text.find("\n\n") + 2);
  std::istringstream in(text.substr(0, text.find("\n\n")));
  std::vector<std::vector<double>> columns;
  for (std::string line; std::getline(in, line);) {
    std::istringstream row(line);
    std::string value;
    for (std::size_t c = 0; row >> value; ++c) {
      if (columns.size() <= c) columns.emplace_back();
      columns[c].push_back(value == "NaN" ? std::nan("") : std::stod(value));
    }
  }
  return columns;
}

}  // namespace

BOOST_AUTO_TEST_CASE(weights_by_lag_follow_the_order_of_firing_not_of_the_cells) {
  constexpr Eigen::Index n = 9;
  RecordedLife life;
  life.blocks = {{"I", 0, 1}, {"E", 1, n}};
  life.shown = 1;
  life.dt = 1e-3;
  // The last cell fires first; the first one is silent.
  Eigen::MatrixXd rates = Eigen::MatrixXd::Zero(n + 1, 20);
  for (Eigen::Index k = 2; k <= n; ++k) rates(k, 2 * (n - k)) = 1;
  life.rates = {rates};
  life.before = Eigen::MatrixXd::Constant(n + 1, n + 1, 0.5);
  life.after = Eigen::MatrixXd::Zero(n + 1, n + 1);
  for (Eigen::Index post = 2; post < n; ++post) life.after(post, post + 1) = 3;  // to who fires next
  FigureList figures;
  lag_figure("lags", "", life, figures);
  BOOST_TEST_REQUIRE(figures.all().size() == 1);
  const auto before = block_of(figures.all()[0], 0), after = block_of(figures.all()[0], 1);
  const std::vector<double> lags{-3, -2, -1, 0, 1, 2, 3};
  BOOST_TEST(after[0] == lags, boost::test_tools::per_element());
  for (std::size_t k = 0; k < lags.size(); ++k) {
    if (lags[k] == 0) {
      BOOST_TEST(std::isnan(after[1][k]));
    } else {
      BOOST_TEST(after[1][k] == (lags[k] == 1 ? 3 : 0));
      BOOST_TEST(before[1][k] == 0.5);
    }
  }
  life.before.setZero();
  life.after.setZero();
  BOOST_TEST(lag_figure("none", "", life, figures).empty());  // no synapses among them
}

BOOST_AUTO_TEST_CASE(a_cell_is_followed_from_one_table_of_measures_to_the_next) {
  StageData stage;
  LifeLayout layout;
  const std::vector<std::string> quantities{"amplitude", "duration", "excitation", "inhibition"};
  for (const char* table : {"before", "later"}) {
    for (const std::string& q : quantities) layout.measures.push_back(std::string(table) + ".cell_" + q);
  }
  // Three healthy lives with ratios 0.5, 0.6 and 0.9, and one that failed.
  for (const char* condition : {"control", "half"}) {
    Scores scores{layout, 4, Eigen::MatrixXd::Ones(static_cast<Eigen::Index>(layout.size()), 4)};
    const Eigen::Index first = static_cast<Eigen::Index>(layout.size()) - 8;
    scores.lives.topRows(first).setZero();
    for (Eigen::Index n = 0; n < 3; ++n) {
      scores.lives.col(n).segment(first, 4).setConstant(2 + static_cast<double>(n));
      const double ratio =
          condition == std::string("half") ? std::array{0.9, 0.5, 0.6}[static_cast<std::size_t>(n)] : 1;
      scores.lives.col(n).segment(first + 4, 4).setConstant(ratio * (2 + static_cast<double>(n)));
    }
    scores.lives(0, 3) = static_cast<double>(LifeEnd::runaway);
    stage.variants.push_back({"rule", "rule", condition, {}, scores});
  }
  FigureList figures;
  cell_figures(stage, "cell", figures);
  BOOST_TEST_REQUIRE(figures.all().size() == 3);
  const Figure &plane = figures.all()[0], &half = figures.all()[2];
  BOOST_TEST(plane.name == "cell_plane");
  const std::vector<double> corners{1, 0.6};
  for (const std::size_t column : {0U, 1U})
    BOOST_TEST(block_of(plane, 1)[column] == corners, boost::test_tools::per_element());
  BOOST_TEST(half.name == "cell_course_2");
  BOOST_TEST(has(half.caption, "half: "));
  BOOST_TEST(has(half.caption, "over 3 lives"));
  for (std::size_t q = 0; q < quantities.size(); ++q) {
    const auto course = block_of(half, q);
    BOOST_TEST(course[1][1] == 0.6);
    BOOST_TEST(course[2][1] == 0.6);  // quartiles by nearest rank: of three values the second ...
    BOOST_TEST(course[3][1] == 0.9);  // ... and the third
  }
  // One table alone has no course.
  for (Variant& v : stage.variants) {
    for (std::size_t m = 4; m < 8; ++m) v.scores.layout.measures[m] = "r" + std::to_string(m);
  }
  BOOST_TEST(cell_figures(stage, "cell", figures).empty());
}

BOOST_AUTO_TEST_CASE(recording_changes_nothing_of_a_life) {
  const Pipeline pipeline = picked_pipeline(built_plugins(), read_run_data(finished_run()));
  LifeRecord record;
  record.kept_trials = {0, 5, 99};  // 99 is never reached
  LifeOptions options;
  const LifeResult plain = run_life(pipeline, options);
  options.record = &record;
  const LifeResult recorded = run_life(pipeline, options);
  BOOST_TEST(plain.losses == recorded.losses, boost::test_tools::per_element());
  BOOST_TEST(record.kept_rates[1].cols() == 1100);
  BOOST_TEST(record.kept_rates[2].size() == 0);
}

BOOST_AUTO_TEST_CASE(every_section_appears_where_its_data_are_there_and_no_other) {
  const std::vector<std::string> all{"run",     "rule",    "losses",   "coefficients", "activity",
                                     "weights", "effects", "networks", "failures",     "repeat"};
  RunData run = read_run_data(finished_run());
  run.life = record_life(picked_pipeline(built_plugins(), run));
  const std::string full = page_of({run});
  for (const std::string& id : all) {
    BOOST_TEST(has(full, "<section id=\"" + id + "\">"), id);
    BOOST_TEST(has(full, "<a href=\"#" + id + "\">"), id);
  }
  run.life.reset();
  const std::string without_life = page_of({run});
  BOOST_TEST(!has(without_life, "<section id=\"activity\">"));
  BOOST_TEST(!has(without_life, "<section id=\"weights\">"));
  BOOST_TEST(has(without_life, "<section id=\"losses\">"));
  // A run whose first generation goes on.
  const auto young = scratch("report_young") / "run";
  std::filesystem::create_directories(young);
  std::filesystem::copy(finished_run() / "pipeline.toml", young / "pipeline.toml");
  const std::string bare = page_of({read_run_data(young)});
  for (const std::string& id : all)
    BOOST_TEST(has(bare, "<section id=\"" + id + "\">") == (id == "run" || id == "repeat"), id);
  BOOST_TEST(has(bare, "no generation has ended yet"));
}

BOOST_AUTO_TEST_CASE(every_stage_has_a_section_in_the_order_of_the_pipeline) {
  const RunData run = read_run_data(run_with_stages());
  BOOST_TEST(run.finished);
  const std::string page = page_of({run});
  std::size_t last = page.find("<section id=\"failures\">");
  for (const char* name : {"drop", "turnover", "map", "test", "lives", "refit", "forward"}) {
    const auto at = page.find("<section id=\"stage_" + std::string(name) + "\">");
    BOOST_TEST_REQUIRE(at != page.npos, name);
    BOOST_TEST(at > last, name);
    last = at;
  }
  BOOST_TEST(page.find("<section id=\"repeat\">") > last);
  BOOST_TEST(!has(page, "Not finished"));
}

BOOST_AUTO_TEST_CASE(sections_of_stages_show_the_numbers_that_the_stages_have_written) {
  const RunData run = read_run_data(run_with_stages());
  const std::string page = page_of({run});
  const auto shown = [&](const std::string& name, const std::string& text) {
    BOOST_TEST(has(section_of(page, "stage_" + name), text), name + " lacks " + text);
  };
  const auto csv = [&](const std::string& file) {  // the last row, without quotes or commas in it
    std::ifstream in(run_with_stages() / file);
    std::vector<std::string> fields;
    std::string line, next;
    while (std::getline(in, next)) line = next;
    for (std::size_t at = 0; at != line.npos;) {
      const auto end = line.find(',', at);
      fields.push_back(line.substr(at, end - at));
      at = end == line.npos ? end : end + 1;
    }
    return fields;
  };
  const auto value = [](const std::string& text) { return number_text(std::stod(text)); };
  const auto sweep = csv("turnover/summary.csv");
  shown("turnover", "none, probability=0.01");
  shown("turnover", value(sweep.at(5)) + " <span class=\"range\">[" + value(sweep.at(6)));
  shown("turnover", "<th scope=\"col\">r2</th>");
  shown("turnover", "none, probability=0.01</th><td>" + value(sweep.at(8)) + "</td>");
  shown("map", "found, probability=0.01, duration=110 ms");
  const auto comparison = csv("test/comparisons.csv");
  shown("test", "none, long<br>minus none, short");
  shown("test", value(comparison.at(5)));
  shown("test", "Kruskal–Wallis H");
  std::string published;
  for (std::size_t k = 10; k < 14; ++k) published += "<td>" + value(comparison.at(k)) + "</td>";
  shown("test", published);
  BOOST_TEST(!has(section_of(page, "stage_map"), "Kruskal"));
  shown("drop", "without " + term_text("w*y~*y"));
  const auto refit = csv("refit/refit.csv");
  shown("refit", value(refit.at(5)) + " <span class=\"range\">[" + value(refit.at(6)));
  shown("refit", "refit/terms_2");
  shown("refit", "<math>");
  const auto forward = csv("forward/forward_selection.csv");
  shown("forward", value(forward.at(3)));
  shown("forward", "forward/step_2/" + forward.back());
  shown("forward", "<math>");
  shown("lives", "lives.h5, the first of 2 lives, healthy");
  const StageData& lives = *std::ranges::find(run.stages, "lives", &StageData::name);
  BOOST_TEST_REQUIRE(lives.files.size() == 1);
  const LifeFile& file = lives.files.front();
  BOOST_TEST(file.life.trials.front() == 11);
  BOOST_TEST(file.life.rates.front().rows() == 33);
  BOOST_TEST(file.life.rates.front().cols() == 1100);
  BOOST_TEST((file.life.before != file.life.after));
}

BOOST_AUTO_TEST_CASE(a_run_of_stages_alone_has_a_page_without_a_search) {
  const auto place = scratch("report_bare");
  std::ifstream in(small);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::ofstream(place / "bare.toml") << text.substr(0, text.find("[search]"));
  PipelineOptions options;
  options.overrides = all_stages("bell2024.mean_still");
  RunOptions run;
  run.directory = place / "run";
  run_stages(load_pipeline(built_plugins(), place / "bare.toml", options), nullptr, run);
  const std::string page = page_of({read_run_data(run.directory)});
  for (const char* id :
       {"run", "stage_drop", "stage_turnover", "stage_map", "stage_test", "stage_lives", "repeat"})
    BOOST_TEST(has(page, "<section id=\"" + std::string(id) + "\">"), id);
  for (const char* id : {"rule", "losses", "coefficients", "activity", "networks", "failures"})
    BOOST_TEST(!has(page, "<section id=\"" + std::string(id) + "\">"), id);
  BOOST_TEST(has(page, "<td>finished</td>"));
  BOOST_TEST(has(page, "the same bytes in what its stages write"));
  // Of the 20 coefficients only those that matter are drawn, and the page says so.
  BOOST_TEST(has(section_of(page, "stage_drop"), "Only the 8 coefficients that matter most of 20"));
}

BOOST_AUTO_TEST_CASE(a_stage_that_goes_on_shows_what_there_is_and_one_that_has_not_begun_nothing) {
  const auto place = scratch("report_part") / "run";
  std::filesystem::copy(run_with_stages(), place, std::filesystem::copy_options::recursive);
  std::filesystem::remove(place / "drop/summary.csv");
  std::filesystem::remove_all(place / "map");
  const RunData run = read_run_data(place);
  BOOST_TEST(!run.finished);
  const std::string page = page_of({run});
  BOOST_TEST(count(page, "Not finished") == 1);
  BOOST_TEST(has(section_of(page, "stage_drop"), "Not finished"));
  BOOST_TEST(section_of(page, "stage_map").empty());
  std::ofstream(place / "refit/refit.csv") << "terms\n1,EE.c.x\n";
  BOOST_CHECK_THROW(read_run_data(place), ConfigError);
}

BOOST_AUTO_TEST_CASE(coefficients_without_which_lives_fail_are_marked_apart) {
  RunData run = read_run_data(run_with_stages());
  StageData& drop = *std::ranges::find(run.stages, "drop", &StageData::name);
  BOOST_TEST(!has(section_of(page_of({run}), "stage_drop"), "Orange"));
  BOOST_TEST_REQUIRE(drop.variants.size() == 4);
  drop.variants[2].scores.lives.row(0).setConstant(static_cast<double>(LifeEnd::runaway));
  const std::string section = section_of(page_of({run}), "stage_drop");
  BOOST_TEST(has(section, "Orange, to the end of the axis: without it at least half of the lives fail."));
  BOOST_TEST(has(section, "2 of 2"));
  BOOST_TEST(has(section, "∞"));
}

BOOST_AUTO_TEST_CASE(without_gnuplot_the_page_says_what_to_install_and_has_all_words) {
  const std::string page = page_of({read_run_data(finished_run())});
  BOOST_TEST(has(page, "apt install gnuplot-nox"));
  BOOST_TEST(has(page, "(figure not drawn)"));
  BOOST_TEST(!has(page, "<svg"));
  BOOST_TEST(!has(page, "<!--figure"));
  BOOST_TEST(has(page, "<math>"));
}

BOOST_AUTO_TEST_CASE(a_page_shows_the_losses_that_the_run_has_reported) {
  const RunData run = read_run_data(finished_run());
  const std::string page = page_of({run});
  BOOST_TEST(has(page, number_text(summary_of(run.record.report).median)));
  BOOST_TEST(has(page, "bell2024.mean_still"));
  BOOST_TEST(has(page, "hebbforge.cma_es"));
  BOOST_TEST(has(page, "processors"));  // the machine, from the log
}

BOOST_AUTO_TEST_CASE(titles_names_and_paths_are_never_markup) {
  RunData run = read_run_data(finished_run());
  const std::string evil = "<script>alert(1)</script>\"'&";
  run.title = run.name = evil;
  run.directory = "/x/" + evil;
  run.record.references.front().name = evil;
  run.record.layout.measures.front() = evil;
  run.machine = evil;
  run.why_no_life = evil;
  run.stages = read_run_data(run_with_stages()).stages;
  for (StageData& stage : run.stages) {
    stage.name += evil;
    for (Variant& v : stage.variants) {
      v.rule += evil;
      v.condition = evil + v.condition;
      v.scores.layout.measures.assign(v.scores.layout.measures.size(), evil);
    }
    for (TermSearch& s : stage.searches) s.directory = s.coefficients.front() = evil;
    for (LifeFile& f : stage.files) f.name = f.life.end = evil;
  }
  for (const std::string& page : {page_of({run}), page_of({run, run})}) {
    BOOST_TEST(!has(page, "<script"));
    BOOST_TEST(has(page, "&lt;script&gt;"));
  }
}

BOOST_AUTO_TEST_CASE(several_runs_stand_side_by_side_with_the_spread_of_their_coefficients) {
  RunData a = read_run_data(finished_run()), b = a;
  a.name = "first";
  b.name = "second";
  const std::string page = page_of({a, b});
  BOOST_TEST(has(page, "2 runs side by side"));
  BOOST_TEST(has(page, "median [95 % bootstrap interval over runs]"));
  BOOST_TEST(has(page, "first: picked rule"));
  BOOST_TEST(has(page, "second: picked rule"));
  BOOST_TEST(has(page, "Time constants of EE over the same runs"));
}

BOOST_AUTO_TEST_CASE(only_a_page_that_is_watched_reads_itself_again) {
  const RunData run = read_run_data(finished_run());
  BOOST_TEST(!has(page_of({run}), "http-equiv"));
  BOOST_TEST(has(page_of({run}, 10), "<meta http-equiv=\"refresh\" content=\"10\">"));
}

BOOST_AUTO_TEST_CASE(what_is_no_run_or_damaged_is_told) {
  const auto place = scratch("report_damaged");
  BOOST_CHECK_THROW(read_run_data(place), ConfigError);
  std::filesystem::copy(finished_run(), place / "run");
  for (const char* name : {"checkpoint.h5", "rule.toml"}) {
    std::filesystem::remove_all(place / "run");
    std::filesystem::copy(finished_run(), place / "run");
    std::ofstream(place / "run" / name) << "[half";
    BOOST_CHECK_THROW(read_run_data(place / "run"), ConfigError);
  }
}

BOOST_AUTO_TEST_CASE(the_split_axis_is_linear_then_logarithmic_and_keeps_failures_apart) {
  const SplitAxis axis = SplitAxis::of({{"a", {50, 60, 61, 62, 70}}, {"b", {40, 2500, infinite}}});
  BOOST_TEST(axis.limit == 100);
  BOOST_TEST(axis.largest == 10000);
  BOOST_TEST(axis.at(50) == 0.5);
  BOOST_TEST(axis.at(100) == 1);
  BOOST_TEST(axis.at(10000) - axis.at(1000) == axis.at(1000) - axis.at(100),
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(axis.at(infinite) > axis.at(10000));
  BOOST_TEST(axis.at(infinite) < axis.end());
  BOOST_TEST(!SplitAxis::of({{"a", {1, 2}}}).failures);
}

BOOST_AUTO_TEST_CASE(a_program_is_found_or_not_its_output_kept_and_its_end_enforced) {
  BOOST_TEST(!run_program({"no-such-program-at-all"}, ".", 5).found);
  const ProgramResult echo = run_program({"echo", "$HOME `x`", ";"}, ".", 5);
  BOOST_TEST(echo.output == "$HOME `x` ;\n");  // no shell
  BOOST_TEST(run_program({"false"}, ".", 5).exit_status == 1);
  BOOST_TEST(run_program({"sleep", "30"}, ".", 0.1).exit_status == 128 + SIGKILL);
}

BOOST_AUTO_TEST_CASE(every_kind_of_figure_is_drawn_also_of_nothing_and_of_what_is_not_finite) {
  if (gnuplot_is_missing()) return;
  const double nan = std::nan("");
  Line full = line_of({1, 2, 3}, {1, 10, nan});
  full.title = "it's 100 % \"x\" \\ {a}_b";
  full.label = "end";
  full.low = {0.5, 5, nan};
  full.high = {2, 20, nan};
  const Axes axes{"x / ms", "y", true}, plain{"x", "y"};
  HeatMap style;
  style.x = "time / ms";
  style.unit = "rate";
  HeatMap two = style;
  two.columns = 2;
  two.diverging = true;
  two.row_lines = two.column_lines = {1};
  const Eigen::MatrixXd ramp = Eigen::VectorXd::LinSpaced(600 * 3, -1, 1).reshaped(3, 600);
  Axes named = plain, crowded = plain;
  named.x_ticks = {{1, "a"}, {2, "it's"}};
  for (int k = 0; k < 12; ++k) crowded.x_ticks.emplace_back(k, "name number " + std::to_string(k));
  Line marked = line_of({0, 11}, {1, 2});
  marked.style = Line::Style::marked;
  HeatMap cells = style;
  cells.columns = 2;
  cells.x_names = {"80 ms", "it's", "a name that is far too long for its cell"};
  cells.y_names = {"first", "second"};
  const Eigen::MatrixXd few = Eigen::MatrixXd::Constant(2, 3, 1);
  const std::vector<Figure> all{
      lines("lines", "c", axes, {full, line_of({1, 2}, {5, 5})}),
      lines("lines_named", "c", named, {line_of({1, 2}, {5, 6})}),
      lines("lines_crowded", "c", crowded, {marked}),
      heat_maps("heat_names", "c", cells, {{"one", few}, {"two", few}, {"three", few}}),
      lines("lines_none", "c", axes, {}),
      lines("lines_bad", "c", axes, {line_of({1, 2}, {-1, infinite}), line_of({}, {})}),
      lines("lines_same", "c", plain, {line_of({1}, {3})}),
      lines("lines_zero", "c", plain, {line_of({0, 0}, {0, 0})}),
      distributions("violin", "c", "loss",
                    {{"a", {1, 2, 3, 4, 5, 6, 1000, infinite}}, {"b", {infinite, infinite}}}),
      distributions("violin_none", "c", "loss", {}),
      distributions("violin_empty", "c", "loss", {{"a", {}}, {"b", {3}}}),
      distributions("violin_same", "c", "loss", {{"a", {0, 0, 0, 0, 0, 0}}}),
      heat_maps("heat", "c", style, {{"one", ramp}, {"two", ramp}}),
      heat_maps("heat_two", "c", two, {{"one", ramp}, {"two", ramp}}),
      heat_maps("heat_none", "c", style, {}),
      heat_maps("heat_zero", "c", style, {{"zero", Eigen::MatrixXd::Zero(2, 2)}, {"empty", {}}}),
      heat_maps("heat_bad", "c", style, {{"bad", Eigen::MatrixXd::Constant(2, 3, nan)}}),
      raster("raster", "c", plain, {{1, 0}, {2, 5}}),
      raster("raster_none", "c", plain, {}),
      spreads("spreads", "c", "coefficient",
              {{"a", {1e-5, -2e-5, 3e-5, 4e-6, 1e-6, nan}}, {"b", {0}}, {"c", {}}}),
      spreads("spreads_none", "c", "coefficient", {}),
      bars("bars", "c", "effect", {{"a", 3e7, 2e7, 4e7}, {"b", -1e7}, {"c", nan}}),
      bars("bars_none", "c", "effect", {}),
      bars("bars_zero", "c", "effect", {{"a", 0}}),
      trajectories("plane", "c", plain, {line_of({1, 2, 3}, {1, 4, 2}), line_of({}, {}), line_of({1}, {2})}),
      trajectories("plane_none", "c", plain, {})};
  const Drawings drawings = draw(all, true);
  BOOST_TEST(drawings.problem == "");
  for (const Figure& f : all) {
    const auto svg = drawings.svg.find(f.name);
    BOOST_TEST_REQUIRE((svg != drawings.svg.end()), f.name);
    BOOST_TEST(svg->second.starts_with("<svg"), f.name);
    BOOST_TEST(has(svg->second, "</svg>"), f.name);
    BOOST_TEST(!has(svg->second, "'gpPt"), f.name);  // ids are the figure's own
    BOOST_TEST(!has(svg->second, "\"black\""), f.name);
    BOOST_TEST(drawings.png.at(f.name).starts_with("\x89PNG"), f.name);
  }
  BOOST_TEST(has(drawings.svg.at("lines"), "it’s 100 % \"x\" \\ {a}_b"));
  BOOST_TEST(has(drawings.svg.at("lines_named"), "it’s"));
  BOOST_TEST(count(drawings.svg.at("lines_crowded"), "name number") == 12);
  for (const char* name : {"80 ms", "a name that is far ", "second"})
    BOOST_TEST(has(drawings.svg.at("heat_names"), name), name);
}

BOOST_AUTO_TEST_CASE(of_very_many_values_some_hundred_points_are_drawn) {
  std::vector<double> values(5000);
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<double>(k % 97);
  const Figure figure = distributions("many", "c", "loss", {{"a", values}});
  const auto rows = static_cast<std::size_t>(std::ranges::count(figure.data[0], '\n'));
  BOOST_TEST(rows > 300);
  BOOST_TEST(rows < 700);
}

BOOST_AUTO_TEST_CASE(nothing_that_a_figure_shows_is_executed_by_gnuplot) {
  if (gnuplot_is_missing()) return;
  const auto mark = scratch("report_executed") / "mark";
  const std::string touch = "touch " + mark.string();
  for (const std::string& evil :
       {"`" + touch + "`", "'; system('" + touch + "') #", "\"; system(\"" + touch + "\") #",
        "x\n! " + touch + "\n", "@x \\'; !" + touch, "\xFF''; !" + touch}) {
    Line line = line_of({1, 2}, {1, 2});
    line.title = line.label = evil;
    const Drawings drawings = draw(
        {lines("evil", evil, {evil, evil}, {line}), distributions("evil_group", evil, evil, {{evil, {1, 2}}}),
         spreads("evil_spread", evil, evil, {{evil, {1, 2}}}), bars("evil_bar", evil, evil, {{evil, 1}}),
         heat_maps("evil_map", evil, {evil, evil, evil}, {{evil, Eigen::MatrixXd::Ones(2, 2)}})});
    BOOST_TEST(drawings.svg.size() == 5, evil << drawings.problem);
    BOOST_TEST(!std::filesystem::exists(mark), evil);
  }
}

BOOST_AUTO_TEST_CASE(a_figure_that_cannot_be_drawn_costs_no_other) {
  if (gnuplot_is_missing()) return;
  Figure broken{"broken", "c"};
  broken.script = "plot nonsense nonsense\n";
  const Drawings drawings = draw({lines("before", "c", {}, {}), broken, lines("behind", "c", {}, {})});
  BOOST_TEST(drawings.svg.contains("before"));
  BOOST_TEST(drawings.svg.contains("behind"));
  BOOST_TEST(!drawings.svg.contains("broken"));
  BOOST_TEST(has(drawings.problem, "gnuplot could not draw 'broken'"));
}
