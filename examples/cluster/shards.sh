#!/bin/bash
# Candidates from a CSV file, a part of the rows a task.
#   sbatch examples/cluster/shards.sh PIPELINE CANDIDATES.csv DIR [OPTIONS of `hebbforge evaluate`...]
#SBATCH --job-name=shards
#SBATCH --array=1-100
#SBATCH --cpus-per-task=1
#SBATCH --time=04:00:00
#SBATCH --mem-per-cpu=500M
#SBATCH --requeue
#SBATCH --open-mode=append
set -eu
pipeline=$1 candidates=$2 directory=$3
shift 3
out=$directory/part_$SLURM_ARRAY_TASK_ID.h5
mkdir -p "$directory"
[ -e "$out" ] && exit 0  # a part appears when it is whole: this one was done before
exec "${HEBBFORGE:-hebbforge}" evaluate "$pipeline" --candidates "$candidates" --out "$out" \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --jobs "${SLURM_CPUS_PER_TASK:-1}" "$@"
