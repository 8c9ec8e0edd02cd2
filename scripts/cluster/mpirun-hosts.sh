#!/usr/bin/env bash
# Trains on the hosts of a hostfile over ssh, and goes on with those that are left when one is lost. Copy this file, edit
# the next lines, and start it on the first host. `lockstep doctor` with the same hostfile finds what is wrong before.

lockstep=${LOCKSTEP:-$PWD/lockstep/bin/lockstep}  # the program, at the same path on all hosts
hostfile=${LOCKSTEP_HOSTFILE:-$PWD/hosts.txt}     # a line for each host: NAME slots=RANKS
run=${LOCKSTEP_RUN:-$PWD/runs/my-run}             # the run's folder, on a file system that all hosts share
network=${LOCKSTEP_NETWORK:-}                     # e.g. 10.0.0.0/24: the network between the hosts, where they have several
ranks=4                                           # of all hosts together
threads=1                                         # of each rank: the cores of a host divided by its slots
least_ranks=1                                     # fewer are not worth going on with
settings=(--model mnist-cnn --data digits --epochs 10 --batch-size 256 --shards 16)  # as many shards as workers, or more

# From here on nothing needs to be edited.
set -euo pipefail
[ -x "$lockstep" ] || { echo "there is no program at $lockstep: edit the line lockstep= of $0" >&2; exit 64; }
[ -r "$hostfile" ] || { echo "there is no hostfile $hostfile: write a line 'NAME slots=RANKS' for each host" >&2; exit 64; }

options=(
    # A lost host is noticed after 6 s instead of minutes: TCP asks after 3 s of silence, three times, a second apart.
    --mpirun-option "--mca oob_tcp_keepalive_time 3 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3"
)
[ -z "$network" ] || options+=(--mpirun-option "--mca btl_tcp_if_include $network --mca oob_tcp_if_include $network")
if [ "$threads" -gt 1 ]; then options+=(--mpirun-option "--map-by slot:pe=$threads --bind-to core"); fi

exec "$lockstep" launch --hostfile "$hostfile" --ranks "$ranks" --min-ranks "$least_ranks" "${options[@]}" -- \
    train "${settings[@]}" --threads "$threads" --run "$run" --resume auto
