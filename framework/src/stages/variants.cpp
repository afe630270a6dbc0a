#include "stages/variants.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <hebbforge/error.hpp>
#include <hebbforge/log.hpp>
#include <optional>

#include "host/document.hpp"
#include "host/hdf5_file.hpp"
#include "host/resolved.hpp"
#include "host/settable.hpp"
#include "host/whole_file.hpp"
#include "stages/csv.hpp"
#include "stages/run_directory.hpp"
#include "stages/search_record.hpp"

namespace hebbforge {
namespace {

constexpr int results_format = 1;

std::string group_name(std::size_t index) {
  char text[32];
  std::snprintf(text, sizeof text, "variants/%04zu", index);
  return text;
}

std::string label(const Variant& v) {
  std::string text = v.rule;
  if (!v.instance.empty()) text += " " + v.instance;
  if (!v.condition.empty()) text += ", " + v.condition;
  return text;
}

void write_results(const std::filesystem::path& file, const std::vector<Variant>& variants,
                   const std::vector<std::string>& identities) {
  Hdf5Writer out(file);
  out.integer("format", results_format);
  out.text("plugins", plugin_record_text(variants.front().pipeline));
  for (std::size_t k = 0; k < variants.size(); ++k) {
    const std::string group = group_name(k);
    const Variant& v = variants[k];
    if (v.scores.networks == 0) continue;  // still to be scored
    out.text(group + "/identity", identities[k]);
    out.text(group + "/rule", v.rule);
    out.text(group + "/instance", v.instance);
    out.text(group + "/condition", v.condition);
    out.texts(group + "/loss_names", v.scores.layout.losses);
    if (!v.scores.layout.measures.empty()) out.texts(group + "/measure_names", v.scores.layout.measures);
    write_scores(out, group + "/lives", v.scores);
  }
  out.commit();
}

Scores read_lives_of(const Hdf5Reader& in, const std::string& group) {
  const auto names = [&](const std::string& name) {
    return in.has(group + name) ? in.texts(group + name) : std::vector<std::string>{};
  };
  return read_scores(in, group + "/lives",
                     {names("/loss_names"), names("/measure_names"), names("/lives/effect_names")});
}

std::string number(double value) {
  if (std::isnan(value)) return "";
  return toml_real(value);
}

std::string short_number(double value) {
  char text[32];
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return "failed";
  std::snprintf(text, sizeof text, std::abs(value) < 1e5 ? "%.1f" : "%.3g", value);
  return text;
}

std::string left(const std::string& text, std::size_t width) {
  return text.size() >= width ? text + "  " : text + std::string(width - text.size(), ' ');
}

std::optional<std::size_t> index_of(const std::vector<std::string>& names, const std::string& name) {
  const auto at = std::ranges::find(names, name);
  if (at == names.end()) return std::nullopt;
  return static_cast<std::size_t>(at - names.begin());
}

std::string lives_csv(const std::vector<Variant>& variants) {
  const LifeLayout& layout = variants.front().scores.layout;
  std::string text = "rule,instance,condition,network,end,trials_survived,loss";
  for (const std::string& name : layout.losses) text += "," + csv_field("loss." + name);
  for (const std::string& name : layout.measures) text += "," + csv_field(name);
  text += "\n";
  for (const Variant& v : variants) {
    const LifeLayout& own = v.scores.layout;
    for (std::size_t n = 0; n < v.scores.networks; ++n) {
      const bool healthy = v.scores.end(0, n) == LifeEnd::healthy;
      text += csv_field(v.rule) + "," + csv_field(v.instance) + "," + csv_field(v.condition) + "," +
              std::to_string(n) + "," + name_of(v.scores.end(0, n)) + "," +
              std::to_string(static_cast<std::int64_t>(v.scores.lives(1, static_cast<Eigen::Index>(n)))) +
              "," + (healthy ? number(v.scores.loss(0, n)) : "");
      for (const std::string& name : layout.losses) {
        const auto at = index_of(own.losses, name);
        text += "," + (at && healthy ? number(v.scores.part(0, n, *at)) : "");
      }
      for (const std::string& name : layout.measures) {
        const auto at = index_of(own.measures, name);
        text += "," + (at && healthy ? number(v.scores.measure(0, n, *at)) : "");
      }
      text += "\n";
    }
  }
  return text;
}

// The losses of those instances that `other` has too.
InstanceLosses shared(const VariantGroup& group, const VariantGroup& other) {
  InstanceLosses losses;
  for (std::size_t k = 0; k < group.instances.size(); ++k) {
    if (index_of(other.instances, group.instances[k])) losses.push_back(group.losses[k]);
  }
  return losses;
}

}  // namespace

std::vector<double> StageContext::learned() const {
  if (!search || search->candidate.empty())
    throw SimulationError("the stage '" + spec.name +
                          "' needs the rule that the search picks, but it found no "
                          "healthy one");
  return search->candidate;
}

void StageContext::message(const std::string& text) const {
  log_info(text);
  if (options.observer) options.observer->message(text);
}

std::string identity_of(const StageContext& context, const Variant& variant) {
  return digest_of_text(identity_text(variant.pipeline) + context.spec.network_set +
                        std::to_string(context.spec.networks) +
                        (context.options.reference_kernel ? "reference" : "fused"));
}

std::vector<Variant> variants_of(const StageContext& context) {
  std::vector<Variant> all;
  for (const StageVariant& v : context.spec.variants) {
    Variant variant{v.rule, v.instance, v.condition, *v.pipeline};
    if (v.learned) {
      const std::vector<double> learned = context.learned();
      if (!variant.pipeline.search ||
          paths_of(*variant.pipeline.search) != paths_of(*context.pipeline.search))
        throw ConfigError("under this condition the pipeline has other free parameters than the search");
      variant.pipeline = with_overrides(
          with_candidate(*v.pipeline, {learned.data(), static_cast<Eigen::Index>(learned.size())}),
          *v.pipeline, v.overrides);
    } else if (!v.run.empty() && variant.pipeline.search) {
      const Eigen::VectorXd picked = picked_candidate(v.run, paths_of(*variant.pipeline.search));
      variant.pipeline =
          with_overrides(with_candidate(*v.pipeline, view_of(picked)), *v.pipeline, v.overrides);
    }
    all.push_back(std::move(variant));
  }
  return all;
}

bool score(const StageContext& context, std::vector<Variant>& variants) {
  const auto file = context.folder / "results.h5";
  std::vector<std::string> identities;
  for (const Variant& v : variants) identities.push_back(identity_of(context, v));
  std::size_t found = 0;
  bool unclaimed = false;
  if (std::filesystem::exists(file)) {
    const Hdf5Reader in(file);
    if (in.text("plugins") != plugin_record_text(variants.front().pipeline))
      log_warning("plugins have changed since '" + file.string() +
                  "' was begun: what is there is kept, the rest may differ from an undisturbed run");
    for (const std::string& name : in.names("variants")) {
      const std::string group = "variants/" + name;
      const std::string identity = in.text(group + "/identity");
      unclaimed = unclaimed || std::ranges::find(identities, identity) == identities.end();
      for (std::size_t k = 0; k < variants.size(); ++k) {
        if (identities[k] != identity || variants[k].scores.networks > 0) continue;
        variants[k].scores = read_lives_of(in, group);
        ++found;
      }
    }
  }
  if (unclaimed) {
    const auto aside = free_name(file, ".before");
    std::filesystem::rename(file, aside);
    context.message("stage " + context.spec.name + ": '" + file.string() +
                    "' has lives of other rules, conditions or networks; it is now '" +
                    aside.filename().string() + "'");
  }
  if (found > 0 && found < variants.size())
    context.message("stage " + context.spec.name + ": going on, " + std::to_string(found) + " of " +
                    std::to_string(variants.size()) + " are there");
  const NetworkSet set = network_set_named(context.spec.network_set);
  if (found < variants.size()) withdraw_tables(context.folder);
  // What was found may stand at other places now.
  if (found == variants.size()) write_results(file, variants, identities);
  for (std::size_t k = 0; k < variants.size(); ++k) {
    Variant& v = variants[k];
    if (v.scores.networks > 0) continue;
    if (!context.evaluator.evaluate(v.pipeline, {}, set, 0, context.spec.networks, v.scores)) return false;
    write_results(file, variants, identities);
    const SetSummary s = summary_of(v.scores);
    context.message("stage " + context.spec.name + ": " + std::to_string(k + 1) + " of " +
                    std::to_string(variants.size()) + ": " + label(v) + ": median loss " +
                    short_number(s.median) + ", " + std::to_string(s.failed) + "/" +
                    std::to_string(s.networks) + " failed");
    context.evaluator.check_broken(context.pipeline.evaluation, context.evaluator.broken(),
                                   context.evaluator.lives());
  }
  return true;
}

std::vector<Variant> read_variants(const std::filesystem::path& results) {
  const Hdf5Reader in(results);
  if (!in.has("format") || in.integer("format") != results_format)
    throw Error("'" + results.string() + "' holds no results of a stage that this version reads");
  std::vector<Variant> all;
  for (const std::string& name : in.names("variants")) {
    const std::string group = "variants/" + name;
    all.push_back({in.text(group + "/rule"),
                   in.text(group + "/instance"),
                   in.text(group + "/condition"),
                   {},
                   read_lives_of(in, group)});
  }
  return all;
}

std::vector<VariantGroup> groups_of(const std::vector<Variant>& variants) {
  std::vector<VariantGroup> groups;
  std::vector<std::vector<std::vector<double>>> measures;
  for (const Variant& v : variants) {
    auto group = std::ranges::find_if(
        groups, [&](const VariantGroup& g) { return g.rule == v.rule && g.condition == v.condition; });
    const auto at = static_cast<std::size_t>(group - groups.begin());
    const auto& names = variants.front().scores.layout.measures;
    if (group == groups.end()) {
      groups.push_back({v.rule, v.condition, {}, {}, {}});
      measures.emplace_back(names.size());
    }
    groups[at].instances.push_back(v.instance);
    groups[at].losses.push_back(v.scores.losses(0));
    for (std::size_t m = 0; m < names.size(); ++m) {
      const auto index = index_of(v.scores.layout.measures, names[m]);
      if (!index) continue;
      for (std::size_t n = 0; n < v.scores.networks; ++n) {
        const double value = v.scores.measure(0, n, *index);
        if (v.scores.end(0, n) == LifeEnd::healthy && !std::isnan(value)) measures[at][m].push_back(value);
      }
    }
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (auto& values : measures[g]) groups[g].measures.push_back(median(std::move(values)));
  }
  return groups;
}

std::vector<double> pooled(const InstanceLosses& losses) {
  std::vector<double> all;
  for (const auto& row : losses) all.insert(all.end(), row.begin(), row.end());
  return all;
}

std::string VariantGroup::name() const { return condition.empty() ? rule : rule + ", " + condition; }

GroupSummary summary_of(const VariantGroup& group) {
  return {family_median(group.losses), family_interval(group.losses), failed_share(group.losses)};
}

std::vector<Comparison> comparisons_of(const std::vector<VariantGroup>& groups) {
  std::vector<Comparison> all;
  const auto add = [&](const VariantGroup& of, const VariantGroup& with) {
    const bool one_rule = of.rule == with.rule;
    const InstanceLosses a = one_rule ? shared(of, with) : of.losses,
                         b = one_rule ? shared(with, of) : with.losses;
    all.push_back({&of, &with, paired_difference(a, b, one_rule), published_test(a, b)});
  };
  for (const VariantGroup& g : groups) {
    const auto first_rule = std::ranges::find(groups, g.condition, &VariantGroup::condition);
    if (first_rule->rule != g.rule) add(g, *first_rule);
    const auto first_condition = std::ranges::find(groups, g.rule, &VariantGroup::rule);
    if (first_condition->condition != g.condition) add(g, *first_condition);
  }
  return all;
}

std::string write_tables(const StageContext& context, const std::vector<Variant>& variants) {
  write_text_file(context.folder / "lives.csv", lives_csv(variants));
  const auto groups = groups_of(variants);
  const auto& names = variants.front().scores.layout.measures;

  std::string csv = "rule,condition,instances,networks,failed_share,median,low,high";
  for (const std::string& name : names) csv += "," + csv_field("median." + name);
  csv += "\n";
  std::size_t width = 8;
  for (const VariantGroup& g : groups) width = std::max(width, g.name().size() + 2);
  std::string text = left("", width) + "loss per network: median [95 % bootstrap interval]";
  for (const std::string& name : names) text += "  " + name;
  text += "  failed\n";
  for (const VariantGroup& g : groups) {
    const GroupSummary group = summary_of(g);
    const Interval interval = group.interval;
    csv += csv_field(g.rule) + "," + csv_field(g.condition) + "," + std::to_string(g.losses.size()) + "," +
           std::to_string(g.losses.front().size()) + "," + number(group.failed_share) + "," +
           number(group.median) + "," + number(interval.low) + "," + number(interval.high);
    text += left(g.name(), width) + left(short_number(group.median) + " [" + short_number(interval.low) +
                                             ", " + short_number(interval.high) + "]",
                                         50);
    for (const double m : g.measures) {
      csv += "," + number(m);
      char part[32];
      std::snprintf(part, sizeof part, "  %.4g", m);
      text += part;
    }
    csv += "\n";
    char part[32];
    std::snprintf(part, sizeof part, "  %.3g %%\n", 100 * group.failed_share);
    text += part;
  }
  write_text_file(context.folder / "summary.csv", csv);

  const auto comparisons = comparisons_of(groups);
  if (comparisons.empty()) return text;
  csv =
      "rule,condition,with_rule,with_condition,networks,difference,low,high,failed_share,with_failed_share,"
      "kruskal_h,p,"
      "p_bonferroni,cohens_d\n";
  text +=
      "\npaired difference of losses in the same networks: median [95 % bootstrap interval], healthy in "
      "both\n";
  for (const Comparison& c : comparisons) {
    const PairedDifference& d = c.difference;
    const double corrected = std::min(1.0, c.test.p * static_cast<double>(comparisons.size()));
    const bool published = context.spec.published_statistics;
    csv += csv_field(c.of->rule) + "," + csv_field(c.of->condition) + "," + csv_field(c.with->rule) + "," +
           csv_field(c.with->condition) + "," + std::to_string(d.networks) + "," + number(d.median) + "," +
           number(d.interval.low) + "," + number(d.interval.high) + "," + number(failed_share(c.of->losses)) +
           "," + number(failed_share(c.with->losses)) + ",";
    if (published)
      csv += number(c.test.h) + "," + number(c.test.p) + "," + number(corrected) + "," + number(c.test.d);
    else
      csv += ",,,";
    csv += "\n";
    text += left(c.of->name() + " minus " + c.with->name(), 2 * width + 7) + short_number(d.median) + " [" +
            short_number(d.interval.low) + ", " + short_number(d.interval.high) + "]";
    if (published) {
      char part[120];
      std::snprintf(part, sizeof part,
                    "  published: Kruskal-Wallis H %.3g, p %.2g, times %zu: %.2g, Cohen's d %.2f", c.test.h,
                    c.test.p, comparisons.size(), corrected, c.test.d);
      text += part;
    }
    text += "\n";
  }
  write_text_file(context.folder / "comparisons.csv", csv);
  return text;
}

}  // namespace hebbforge
