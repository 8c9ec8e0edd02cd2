#!/usr/bin/env bash
#PBS -N lockstep
#PBS -l select=2:ncpus=8:mpiprocs=1
#PBS -l walltime=04:00:00
#PBS -r y
#PBS -j oe
# Trains on the nodes that PBS gives, and submits itself again until the training is finished. Copy this file, edit the
# lines above and the next six, and: qsub pbs.sh. Written after the manuals of OpenPBS; not tried on a real cluster.

lockstep=${LOCKSTEP:-$PBS_O_WORKDIR/lockstep/bin/lockstep}  # the program, on a file system that all nodes see
run=${LOCKSTEP_RUN:-$PBS_O_WORKDIR/runs/my-run}             # the run's folder, on one that all nodes can write to
script=$PBS_O_WORKDIR/pbs.sh                                # this file, to be submitted again
seconds=14100                                               # then to save: the walltime less five minutes
threads=8                                                   # of each rank: ncpus divided by mpiprocs
settings=(--model mnist-cnn --data digits --epochs 10 --batch-size 256 --shards 64)  # as many shards as workers, or more

# From here on nothing needs to be edited.
set -uo pipefail
cd "$PBS_O_WORKDIR" || exit 64
[ -x "$lockstep" ] || { echo "there is no program at $lockstep: edit the line lockstep=" >&2; exit 64; }

# PBS gives no notice worth the name: SIGTERM at the end of the wall time, and SIGKILL seconds later.
timeout --foreground --preserve-status --signal=USR1 "$seconds" \
    "$lockstep" launch --hostfile "$PBS_NODEFILE" --ranks "$(wc -l <"$PBS_NODEFILE")" \
    --mpirun-option "--map-by slot:pe=$threads --bind-to core" \
    -- train "${settings[@]}" --threads "$threads" --verbose 2 --run "$run" --resume auto &
job=$!
trap 'kill -TERM "$job"' TERM USR1
while kill -0 "$job" 2>/dev/null; do wait "$job"; done  # the trap ends a wait, too
wait "$job"
status=$?
case $status in
    0) echo "finished" ;;
    75) echo "stopped with a checkpoint; submitted again"; qsub -v "LOCKSTEP=$lockstep,LOCKSTEP_RUN=$run" "$script" ;;
    *) echo "failed with status $status: not submitted again" ;;
esac
exit "$status"
