#!/bin/bash
# One search a task, one seed a task: the seed is the task's number.
#   sbatch examples/cluster/seeds.sh PIPELINE DIR [OPTIONS of `hebbforge run`...]
#SBATCH --job-name=seeds
#SBATCH --array=8000-8009
#SBATCH --cpus-per-task=4
#SBATCH --time=08:00:00
#SBATCH --mem-per-cpu=500M
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
#SBATCH --open-mode=append
set -u
pipeline=$1 directory=$2/seed_$SLURM_ARRAY_TASK_ID
shift 2
"${HEBBFORGE:-hebbforge}" run "$pipeline" --seed "$SLURM_ARRAY_TASK_ID" --out "$directory" --resume \
  --jobs "${SLURM_CPUS_PER_TASK:-1}" "$@" &
search=$!

# Two minutes before the limit: end after a checkpoint, and come back.
over=""
trap 'over=yes; kill -TERM $search' USR1
wait $search
status=$?
while kill -0 $search 2>/dev/null; do  # the signal ended `wait`, not the search
  wait $search
  status=$?
done
[ -n "$over" ] && [ -n "${SLURM_JOB_ID:-}" ] && scontrol requeue "$SLURM_JOB_ID"
exit $status
