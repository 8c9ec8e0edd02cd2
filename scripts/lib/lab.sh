# shellcheck shell=bash
# Three hosts on one machine, for tests of what happens between hosts: h0, h1 and h2, each with a network, a host name,
# a /tmp and a /dev/shm of its own, joined by a bridge. The rest of the file system is shared, as a cluster's is.
# Sourced by scripts/test-cluster, never run. Needs root and namespaces; nothing outside the lab is touched.
# shellcheck disable=SC2154

lab_hosts=(h0 h1 h2)

# Says why there can be no lab here, or nothing.
lab_obstacle() {
    [ "$(id -u)" -eq 0 ] || { echo "it needs root"; return; }
    local tool
    for tool in ip tc nsenter unshare; do
        command -v "$tool" >/dev/null || { echo "$tool is not installed"; return; }
    done
    unshare --net --mount --uts ip link add lab0 type veth peer name lab1 2>/dev/null \
        || echo "namespaces or virtual network links are not permitted"
}

# lab_start FOLDER: FOLDER, below $repository, holds the lab's own files and is seen by all hosts under the same name.
lab_start() {
    lab=$1
    mkdir -p "$lab"
    printf '127.0.0.1 localhost\n10.77.0.10 h0\n10.77.0.11 h1\n10.77.0.12 h2\n' >"$lab/hosts"
    lab_hold bridge
    lab_enter bridge ip link add br0 type bridge
    lab_enter bridge ip link set br0 up
    local host
    for host in "${lab_hosts[@]}"; do
        lab_hold "$host"
        lab_enter bridge ip link add "to-$host" type veth peer name eth0 netns "$(cat "$lab/$host.pid")"
        lab_enter bridge ip link set "to-$host" master br0 up
        lab_enter "$host" ip link set lo up
        lab_enter "$host" ip address add "10.77.0.1${host#h}/24" dev eth0
        lab_enter "$host" ip link set eth0 up
    done
    lab_write_ssh_stand_in
}

# A sleeping process holds the namespaces of one host.
lab_hold() {
    local name=$1
    # shellcheck disable=SC2016  # expanded by the inner shell
    unshare --net --mount --uts --propagation private sh -c '
        hostname "$1"
        [ "$1" = bridge ] || {
            mount --bind "$2/hosts" /etc/hosts
            mount --bind "$3" /mnt
            mount -t tmpfs tmpfs /tmp
            [ -d "$3" ] || { mkdir -p "$3" && mount --bind /mnt "$3"; }  # it was below /tmp
            umount /mnt
            mount -t tmpfs -o size=512m tmpfs /dev/shm
        }
        echo $$ >"$2/$1.pid.new" && mv "$2/$1.pid.new" "$2/$1.pid"
        exec sleep infinity' sh "$name" "$lab" "$repository" </dev/null >/dev/null 2>&1 &
    disown  # or bash would report its end
    local tries=0
    until [ -s "$lab/$name.pid" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo "the lab's $name did not start" >&2; return 1; }
        sleep 0.05
    done
}

# lab_enter HOST COMMAND...: runs it on that host, in the present folder.
lab_enter() {
    local host=$1
    shift
    # shellcheck disable=SC2016
    nsenter --target "$(cat "$lab/$host.pid")" --net --mount --uts \
        sh -c 'cd "$1" && shift && exec "$@"' sh "$PWD" "$@"
}

# What mpirun starts its daemons with in place of ssh: `ssh-stand-in [OPTIONS] HOST COMMAND...`.
lab_write_ssh_stand_in() {
    cat >"$lab/ssh-stand-in" <<STAND_IN
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
host=\$1
shift
exec nsenter --target "\$(cat "$lab/\$host.pid")" --net --mount --uts sh -c "cd '\$PWD' && \$*"
STAND_IN
    chmod +x "$lab/ssh-stand-in"
}

# A real sshd on every host, and `\$lab/ssh` that logs in without asking.
lab_start_sshd() {
    ssh-keygen -q -t ed25519 -N '' -f "$lab/host-key"
    ssh-keygen -q -t ed25519 -N '' -f "$lab/user-key"
    cp "$lab/user-key.pub" "$lab/authorized"
    chmod 600 "$lab/authorized"
    cat >"$lab/sshd.conf" <<CONFIGURATION
Port 22
HostKey $lab/host-key
AuthorizedKeysFile $lab/authorized
StrictModes no
PermitRootLogin prohibit-password
UsePAM no
PidFile none
CONFIGURATION
    printf '#!/bin/sh\nexec ssh -i %s -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "$@"\n' \
        "$lab/user-key" >"$lab/ssh"
    chmod +x "$lab/ssh"
    mkdir -p /run/sshd
    local host
    for host in "${lab_hosts[@]}"; do lab_enter "$host" /usr/sbin/sshd -f "$lab/sshd.conf"; done
}

# A Slurm of the lab's own: the controller on h0, a node on every host, partitions `low` and `high`; jobs of the first
# make room for those of the second. Prints why it could not be started, if so.
lab_start_slurm() {
    local tool host tries=0
    for tool in munged slurmctld slurmd srun; do
        command -v "$tool" >/dev/null || { echo "$tool is not installed"; return 1; }
    done
    slurm_conf=$lab/slurm.conf
    export SLURM_CONF=$slurm_conf
    mkdir -p "$lab/munge" "$lab/state"
    chmod 700 "$lab/munge"
    head -c 1024 /dev/urandom >"$lab/munge/key"
    chmod 600 "$lab/munge/key"
    lab_enter h0 munged --force --key-file "$lab/munge/key" --socket "$lab/munge/socket" --pid-file "$lab/munge/pid" \
        --log-file "$lab/munge/log" --seed-file "$lab/munge/seed" >"$lab/munge/start.log" 2>&1 \
        || { echo "munged did not start: $(tail -n 1 "$lab/munge/start.log")"; return 1; }
    cat >"$slurm_conf" <<CONFIGURATION
ClusterName=lab
SlurmctldHost=h0(10.77.0.10)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$lab/munge/socket,cred_expire=15
StateSaveLocation=$lab/state
SlurmdSpoolDir=$lab/spool-%n
SlurmctldPidFile=$lab/slurmctld.pid
SlurmdPidFile=$lab/slurmd-%n.pid
SlurmctldLogFile=$lab/slurmctld.log
SlurmdLogFile=$lab/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=10
SlurmdTimeout=10
SlurmctldTimeout=10
ReturnToService=2
MpiDefault=none
SchedulerParameters=sched_interval=2,bf_interval=2
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
NodeName=h0 NodeAddr=10.77.0.10 CPUs=4 State=UNKNOWN
NodeName=h1 NodeAddr=10.77.0.11 CPUs=4 State=UNKNOWN
NodeName=h2 NodeAddr=10.77.0.12 CPUs=4 State=UNKNOWN
PartitionName=low Nodes=h0,h1,h2 Default=YES PriorityTier=1 GraceTime=20 PreemptMode=REQUEUE MaxTime=INFINITE
PartitionName=high Nodes=h0,h1,h2 PriorityTier=10 PreemptMode=OFF MaxTime=INFINITE
CONFIGURATION
    lab_enter h0 slurmctld
    for host in "${lab_hosts[@]}"; do
        mkdir -p "$lab/spool-$host"
        lab_enter "$host" slurmd
    done
    until [ "$(lab_enter h0 sinfo --noheader --partition low --format %t 2>/dev/null)" = idle ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 60 ] || { echo "its nodes did not become idle: $(tail -n 2 "$lab/slurmctld.log")"; return 1; }
        sleep 0.5
    done
}

# lab_cut HOST, lab_mend HOST: the host's network cable.
lab_cut() { lab_enter bridge ip link set "to-$1" down; }
lab_mend() { lab_enter bridge ip link set "to-$1" up; }

# lab_limit RATE: bandwidth of every link in both directions, e.g. 1gbit.
lab_limit() {
    local host
    for host in "${lab_hosts[@]}"; do
        lab_enter "$host" tc qdisc replace dev eth0 root tbf rate "$1" burst 256kb latency 400ms
    done
}

lab_unlimit() {
    local host
    for host in "${lab_hosts[@]}"; do lab_enter "$host" tc qdisc delete dev eth0 root; done
}

# Ids of all processes that live in the lab, and nobody else's.
lab_processes() {
    local pid name spaces=()
    for name in bridge "${lab_hosts[@]}"; do
        pid=$(cat "$lab/$name.pid" 2>/dev/null) && spaces+=("$(readlink "/proc/$pid/ns/net" || true)")
    done
    for pid in /proc/[0-9]*; do
        [[ " ${spaces[*]} " != *" $(readlink "$pid/ns/net" 2>/dev/null || echo none) "* ]] || echo "${pid#/proc/}"
    done
}

# Ends the lab: its processes, and with them its networks and mounts.
lab_stop() {
    local pids
    pids=$(lab_processes)
    # shellcheck disable=SC2086
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
    rm -rf "$lab"
}
