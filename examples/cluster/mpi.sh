#!/bin/bash
# One search on many nodes: a rank a core, lives go to the rank that is free.
#   sbatch examples/cluster/mpi.sh PIPELINE DIR [OPTIONS of `hebbforge run`...]
#SBATCH --job-name=one_search
#SBATCH --ntasks=70
#SBATCH --time=08:00:00
#SBATCH --mem-per-cpu=500M
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
#SBATCH --open-mode=append
set -u
pipeline=$1 directory=$2
shift 2
mpirun ${SLURM_NTASKS:+-n "$SLURM_NTASKS"} "${HEBBFORGE:-hebbforge}" run "$pipeline" --out "$directory" --resume "$@" &
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
