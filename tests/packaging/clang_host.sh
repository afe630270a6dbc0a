#!/bin/sh
# The other compiler's host: builds the program with clang++, loads the plugins that GCC built, and compares a search
# with that of the host that GCC built. The reverse, a Clang-built plugin in a GCC-built host, is in out_of_tree.sh.
# Takes minutes; exits with 77 where there is no clang++.
#   clang_host.sh BUILD_DIRECTORY SOURCE_DIRECTORY SCRATCH_DIRECTORY [CLANG_BUILD_DIRECTORY]
set -eu
build=$1 source=$2 scratch=$3
command -v clang++ >/dev/null || { echo "no clang++ here: skipped"; exit 77; }
host=${4:-$scratch/build}
mkdir -p "$scratch"
launcher=$(command -v ccache || true)
cmake -S "$source" -B "$host" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang \
  -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" -DHEBBFORGE_BUILD_TESTS=OFF \
  -DHEBBFORGE_WARNINGS_AS_ERRORS=ON >/dev/null
cmake --build "$host" --target hebbforge_cli
hebbforge=$host/bin/hebbforge
export HEBBFORGE_PLUGIN_PATH="$build/lib/hebbforge/plugins"

# Every plugin of GCC's keeps its promises in Clang's host.
for plugin in "$HEBBFORGE_PLUGIN_PATH"/*.so; do
  $hebbforge inspect "$plugin" --contracts >"$scratch/inspected" || { cat "$scratch/inspected"; exit 1; }
  grep -q "built with .* g++" "$scratch/inspected"
done
[ "$($hebbforge list | grep -c ' 1\.0\.0 ')" -ge 22 ]

# So does an out-of-tree rule, built with GCC against what the GCC host's build installs.
rm -rf "$scratch/installed" "$scratch/rule" "$scratch/of_gcc" "$scratch/of_clang"
cmake --install "$build" --prefix "$scratch/installed" >/dev/null
cp -r "$source/examples/out_of_tree_rule" "$scratch/rule"
cmake -S "$scratch/rule" -B "$scratch/rule/build" -G Ninja -DCMAKE_PREFIX_PATH="$scratch/installed" \
  -DCMAKE_CXX_COMPILER=g++ >/dev/null
cmake --build "$scratch/rule/build" >/dev/null
mine=$scratch/rule/build/lib/hebbforge/plugins
$hebbforge inspect "$mine/my_rule.so" --contracts | grep "built with .* g++"
$hebbforge run "$scratch/rule/pipeline.toml" --plugin-path "$mine" --out "$scratch/of_clang/mine" --smoke
"$build/bin/hebbforge" run "$scratch/rule/pipeline.toml" --plugin-path "$mine" --out "$scratch/of_gcc/mine" --smoke

# A search with turnover, two losses and CMA-ES: the kernels round the same way, whoever compiled them.
search=$source/tests/framework/pipelines/small.toml
$hebbforge run "$search" --out "$scratch/of_clang/small"
"$build/bin/hebbforge" run "$search" --out "$scratch/of_gcc/small"
for run in mine small; do
  for file in evaluations.csv rule.toml results.h5; do
    cmp "$scratch/of_gcc/$run/$file" "$scratch/of_clang/$run/$file"
  done
done
echo "the same bytes from both hosts"
