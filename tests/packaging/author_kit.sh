#!/bin/sh
# An author's first half hour: install to a prefix, move it, follow write_a_plugin.md command by command; then make a
# plugin of every kind, build them (in one project, to be quick), run their tests, check contracts and pipelines.
#   author_kit.sh BUILD_DIRECTORY SOURCE_DIRECTORY SCRATCH_DIRECTORY
set -eu
build=$1 source=$2 scratch=$3
kinds="rule optimizer perturbation loss stimulus neuron constraint executor"
rm -rf "$scratch"
mkdir -p "$scratch/home" "$scratch/plugins of mine"
cmake --install "$build" --prefix "$scratch/installed" >/dev/null
mv "$scratch/installed" "$scratch/home/hebbforge"

# Of the document's commands all but the first, which installs.
sed -n '/^```sh$/,/^```$/p' "$source/framework/docs/write_a_plugin.md" | sed '/^```/d; /^cmake --install/d' \
  >"$scratch/commands"
[ "$(wc -l <"$scratch/commands")" -gt 15 ]
(cd "$scratch" && HOME=$scratch/home sh -eux ./commands >transcript 2>&1) || { cat "$scratch/transcript"; exit 1; }
grep -q "^the test caught it" "$scratch/transcript"
grep -q "pass  does not allocate" "$scratch/transcript"
grep -q "README.md: as it should be" "$scratch/transcript"
grep -q 'plugin = "mylab.my_rule"' "$scratch/my_rule/run/rule.toml"

PATH=$scratch/home/hebbforge/bin:$PATH
cd "$scratch/plugins of mine"

printf 'cmake_minimum_required(VERSION 3.23)\nproject(mine LANGUAGES CXX)\nenable_testing()\n' >CMakeLists.txt
for kind in $kinds; do
  hebbforge new "$kind" "my_$kind" | grep -q "my_$kind.so --contracts"
  echo "add_subdirectory(my_$kind)" >>CMakeLists.txt
done
launcher=$(command -v ccache || true)
cmake -S . -B build -G Ninja -DCMAKE_PREFIX_PATH="$scratch/home/hebbforge" -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wconversion -Wshadow -Werror" >/dev/null
cmake --build build >/dev/null
ctest --test-dir build --output-on-failure
export HEBBFORGE_PLUGIN_PATH="$PWD/build/lib/hebbforge/plugins"
for kind in $kinds; do
  hebbforge inspect "$HEBBFORGE_PLUGIN_PATH/my_$kind.so" --contracts
  hebbforge describe "mylab.my_$kind" --readme "my_$kind/README.md" | grep "as it should be"
  hebbforge check "my_$kind/pipeline.toml"
done
