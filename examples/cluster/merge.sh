#!/bin/bash
# Joins what shards.sh wrote into the file that one call would have written; names a part that is missing.
#   sbatch --dependency=afterok:ID_OF_SHARDS examples/cluster/merge.sh DIR OUT.h5
#SBATCH --job-name=merge
#SBATCH --time=00:10:00
#SBATCH --mem-per-cpu=2G
set -eu
exec "${HEBBFORGE:-hebbforge}" merge "$1"/part_*.h5 --out "$2"
