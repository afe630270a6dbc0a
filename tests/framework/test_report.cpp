// The report of a run: its pieces, its sections, its figures.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <csignal>
#include <fstream>
#include <hebbforge/engine/life.hpp>
#include <hebbforge/error.hpp>
#include <hebbforge/host/run.hpp>
#include <limits>

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
  const std::vector<Figure> all{
      lines("lines", "c", axes, {full, line_of({1, 2}, {5, 5})}),
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
         bars("evil_bar", evil, evil, {{evil, 1}}),
         heat_maps("evil_map", evil, {evil, evil, evil}, {{evil, Eigen::MatrixXd::Ones(2, 2)}})});
    BOOST_TEST(drawings.svg.size() == 4, evil << drawings.problem);
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
