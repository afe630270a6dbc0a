#!/bin/sh
# A stranger's rule: install to a prefix, move the prefix, build examples/out_of_tree_rule against it, run it.
#   out_of_tree.sh BUILD_DIRECTORY SOURCE_DIRECTORY SCRATCH_DIRECTORY
set -eu
build=$1 source=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch"
cmake --install "$build" --prefix "$scratch/installed" >/dev/null
mv "$scratch/installed" "$scratch/moved"
cp -r "$source/examples/out_of_tree_rule" "$scratch/rule"
cmake -S "$scratch/rule" -B "$scratch/rule/build" -G Ninja -DCMAKE_PREFIX_PATH="$scratch/moved" >/dev/null
cmake --build "$scratch/rule/build" >/dev/null
plugins=$scratch/rule/build/lib/hebbforge/plugins
hebbforge=$scratch/moved/bin/hebbforge
$hebbforge list rule --plugin-path "$plugins" | grep -q mylab.my_rule
$hebbforge inspect "$plugins/my_rule.so"
HEBBFORGE_PLUGIN_PATH=$plugins $hebbforge run "$scratch/rule/pipeline.toml" --out "$scratch/run" --smoke
grep -q 'plugin = "mylab.my_rule"' "$scratch/run/rule.toml"

# Built by the other compiler, where there is one: loads, and keeps the promises of its kind.
if command -v clang++ >/dev/null; then
  cmake -S "$scratch/rule" -B "$scratch/clang" -G Ninja -DCMAKE_PREFIX_PATH="$scratch/moved" \
    -DCMAKE_CXX_COMPILER=clang++ >/dev/null
  cmake --build "$scratch/clang" >/dev/null
  $hebbforge inspect "$scratch/clang/lib/hebbforge/plugins/my_rule.so" --contracts | grep "built with .* clang++"
fi
