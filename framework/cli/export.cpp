#include "exports/brian2.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "command.hpp"
#include "host/rule_file.hpp"
#include "host/whole_file.hpp"
#include "load.hpp"

namespace hebbforge::cli {
namespace {

struct Arguments : PipelineArguments {
  std::string format = "brian2";
  std::filesystem::path out;
};

std::string latex(const Pipeline& pipeline) {
  std::string text;
  for (const PathwaySpec& pathway : pipeline.pathways) {
    if (pathway.rule) text += "% " + pathway.name + "\n\\[" + formula_latex(*pathway.rule) + "\\]\n";
  }
  return text;
}

void write(Session& session, const Arguments& arguments) {
  const Pipeline pipeline = load(session, arguments, false);
  const std::string rule = arguments.rule.empty() ? "" : " --rule " + arguments.rule;
  const std::string text =
      arguments.format == "latex"
          ? latex(pipeline)
          : brian2_script(pipeline, "hebbforge export " + arguments.file.string() + rule);
  if (arguments.out.empty()) {
    std::printf("%s", text.c_str());
    return;
  }
  write_text_file(arguments.out, text);
  std::printf("written: %s\n", arguments.out.c_str());
}

}  // namespace

void add_export(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("export", "Write a circuit and its rules for another program: Brian 2, LaTeX");
  arguments->add_to(*command);
  command
      ->add_option("--rule", arguments->rule,
                   "Rule file, preset or run directory in place of the pipeline's rules")
      ->type_name("RULE");
  command
      ->add_option("--format", arguments->format,
                   "brian2: a Python script that runs one trial; latex: the rules' equations")
      ->check(CLI::IsMember({"brian2", "latex"}));
  command->add_option("--out", arguments->out, "The file; none: it is printed")->type_name("FILE");
  command->footer(
      "Examples:\n"
      "  hebbforge export examples/02_find_a_rule/pipeline.toml --rule bell2024.mean_still --out model.py\n"
      "  hebbforge simulate examples/02_find_a_rule/pipeline.toml --rule bell2024.mean_still --out life.h5\n"
      "  python3 model.py life.h5");
  command->callback([arguments, &session] { write(session, *arguments); });
}

}  // namespace hebbforge::cli
