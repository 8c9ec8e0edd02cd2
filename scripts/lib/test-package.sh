# shellcheck shell=bash
# The test `package` of scripts/test-cluster: what scripts/package packs, in the image that the Containerfile makes of
# it, which has Debian's run-time packages and neither Swift nor a compiler. The three hosts of the lab play the pods of
# the MPIJob. Sourced by it, never run.
# shellcheck disable=SC2034,SC2154

in_store() { buildah --storage-driver vfs --root "$lab/store" --runroot "$lab/runroot" "$@"; }

# Builds the image on a Debian 12 of packages, since no registry of images need be in reach. Prints its root folder.
pod_image() {
    local container
    cp "$lab/package.tar.gz" "$lab/image/lockstep-linux.tar.gz"
    # Without waiting for the disk after every file, here and in the image's own apt-get.
    mmdebstrap --variant=apt --dpkgopt=force-unsafe-io bookworm "$lab/debian.tar" || return 1
    {
        container=$(in_store from scratch)
        in_store add --quiet "$container" "$lab/debian.tar" /
        in_store commit --quiet "$container" docker.io/library/debian:12-slim
        in_store bud --pull-never --isolation chroot --file scripts/cluster/Containerfile --tag lockstep "$lab/image"
        container=$(in_store from --pull-never localhost/lockstep)
    } >&2 || return 1
    in_store mount "$container"
}

# What the operator mounts into each pod: the hostfile and a key of root's; and the volume of the runs.
pod_files() {
    printf '127.0.0.1 localhost\n10.77.0.10 lockstep-launcher\n' >"$lab/pods"
    mkdir -p "$lab/mpi" "$lab/key" "$lab/runs"
    local number name
    for number in 0 1; do
        name=lockstep-worker-$number.lockstep.default.svc
        echo "10.77.0.1$((number + 1)) $name" >>"$lab/pods"
        echo "$name slots=1" >>"$lab/mpi/hostfile"
    done
    ssh-keygen -q -t ecdsa -N '' -f "$lab/key/id_rsa"
    cp "$lab/key/id_rsa.pub" "$lab/key/authorized_keys"
    chmod 644 "$lab/key/id_rsa"
    chown 1000:1000 "$lab/runs"
}

# pod_start HOST: the image, with what a pod has besides, at $lab/pod of that host.
pod_start() {
    # shellcheck disable=SC2016
    lab_enter "$1" sh -eu -c '
        cd "$2"
        mount --bind "$1" pod
        mount -t proc proc pod/proc
        mount --rbind /sys pod/sys
        mount --rbind /dev pod/dev
        mount -t tmpfs -o mode=1777 tmpfs pod/dev/shm
        mount -t tmpfs -o mode=1777 tmpfs pod/tmp
        mkdir -p pod/home/mpiuser/.ssh pod/etc/mpi pod/runs
        mount --bind key pod/home/mpiuser/.ssh
        mount --bind mpi pod/etc/mpi
        mount --bind runs pod/runs
        mount --bind pods pod/etc/hosts' sh "$image" "$lab"
}

# in_pod HOST COMMAND...: with the image's user and path, and the environment that the operator sets.
in_pod() {
    local host=$1
    shift
    lab_enter "$host" timeout 120 chroot --userspec=1000:1000 "$lab/pod" \
        /usr/bin/env --chdir=/home/mpiuser --ignore-environment \
        HOME=/home/mpiuser PATH=/opt/lockstep/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        OMPI_MCA_orte_keep_fqdn_hostnames=true OMPI_MCA_orte_default_hostfile=/etc/mpi/hostfile \
        OMPI_MCA_orte_set_default_slots=1 OMPI_MCA_plm_rsh_args="-o ConnectionAttempts=10" "$@"
}

test_package() {
    local image tool host python package expected log=$lab/package.log
    local settings=(--model mnist-mlp --epochs 1 --limit-train-batches 20 --shards 8 --threads 1)
    for tool in mmdebstrap buildah ssh-keygen; do
        command -v "$tool" >/dev/null || { skip "package" "$tool is not installed"; return; }
    done
    begin=$SECONDS
    scripts/package --output "$lab/package.tar.gz" >"$log" 2>&1 || { bad "package: not built"; tail "$log"; return; }
    ok "package: $(tail -n 1 "$log" | sed 's/.*(\(.*\))/\1/')"
    begin=$SECONDS
    mkdir -p "$lab/image" "$lab/pod"
    image=$(pod_image 2>"$log") || { bad "package: the Containerfile's image"; tail -n 20 "$log"; return; }
    # shellcheck disable=SC2013
    for package in $(sed -n 's/^Debian packages: //p' "$image/opt/lockstep/NEEDS"); do
        grep -q " $package " scripts/cluster/Containerfile || bad "package: NEEDS names $package, the image has it not"
    done
    pod_files
    for host in h0 h1 h2; do pod_start "$host"; done
    # shellcheck disable=SC2016
    same "package: the image has no Swift and no compiler" "nothing" \
        "$(in_pod h0 sh -c 'for name in swift gcc cc clang ld; do command -v $name; done; echo nothing')"

    begin=$SECONDS
    "$lockstep" train "${settings[@]}" --verbose 0 --run "$lab/normal"
    expected=$(fingerprint_in "$lab/normal/summary.txt")
    in_pod h0 lockstep train "${settings[@]}" --run /runs/plain >"$log" 2>&1 </dev/null || true
    same "package: the normal build's weights" "$expected" "$(fingerprint_in "$log")" "$log"
    in_pod h0 mpirun -n 2 --host localhost:2 --oversubscribe \
        lockstep train "${settings[@]}" --verbose 2 --run /runs/two >"$log" 2>&1 </dev/null || true
    same "package: the normal build's weights, mpirun -n 2" "$expected" "$(fingerprint_in "$log")" "$log"
    if python=$(templates_python); then mpijob; else skip "package: the MPIJob's commands" "there is no PyYAML"; fi
}

# The launcher's and the workers' commands of the MPIJob, shortened, over ssh between the hosts.
mpijob() {
    local host command expected short=(--epochs=1 --limit-train-batches=10 --threads=1) log=$lab/mpijob.log
    begin=$SECONDS
    mapfile -t command < <("$python" scripts/lib/check-templates.py scripts/cluster worker)
    for host in h1 h2; do in_pod "$host" "${command[@]}" >"$lab/sshd-$host.log" 2>&1 </dev/null & done
    sleep 1
    mapfile -t command < <("$python" scripts/lib/check-templates.py scripts/cluster launcher)
    in_pod h0 "${command[@]}" "${short[@]}" >"$log" 2>&1 </dev/null || true
    "$lockstep" train --model mnist-cnn --batch-size 256 --shards 16 "${short[@]}" --verbose 0 --run "$lab/cnn"
    expected=$(fingerprint_in "$lab/cnn/summary.txt")
    same "package: the MPIJob's commands" "$expected" "$(fingerprint_in "$log")" "$log"
    grep -q "2 ranks" "$log" || bad "package: the MPIJob's commands did not use both workers"
}
