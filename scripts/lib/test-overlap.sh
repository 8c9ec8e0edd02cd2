# shellcheck shell=bash
# The exchange between hosts hides behind the backward pass: part of scripts/test-cluster, which sources it.
# shellcheck disable=SC2034,SC2154

# Two hosts with a rank each, joined by 1 Gbit/s, and a network whose exchange takes as long as its backward pass. At
# least 70 % of the one must be hidden behind the other, as the trace tells. The batch that makes both equally long depends
# on the cores and what else they do, so each attempt takes that of the last one's times. A rank that other jobs delay lets
# the other wait: one of six attempts must succeed.
test_overlap() {
    local attempt expected batch=96 settings log=$lab/overlap.log trace=$lab/overlap.json verdict=""
    # A thread that yields the core after each look at the network gets it back from a computing one after milliseconds.
    local -x OMPI_MCA_mpi_yield_when_idle=0
    agent=$lab/ssh-stand-in
    begin=$SECONDS
    write_overlap_model "$lab/overlap.yaml"
    lab_limit 1gbit
    for attempt in 1 2 3 4 5 6; do
        settings=(--model "$lab/overlap.yaml" --batch-size "$batch" --shards 2 --threads 1 --optimizer sgd --epochs 1
            --limit-train-batches 22 --verbose 2)
        over h0:1,h1:1 -n 2 "$lockstep" train "${settings[@]}" --trace "$trace" --run "$lab/overlap-$attempt" \
            >"$log" 2>&1 </dev/null || { verdict="the run failed"; break; }
        verdict=$(judge_overlap "$trace" "$(sed -n 's/.* \([0-9]*\) parameters;.*/\1/p' "$log")" "$batch") && break
        echo "      attempt $attempt, batch $batch: $verdict"
        batch=${verdict##* }
    done
    lab_unlimit
    if [[ $verdict == *": enough" ]]; then
        "$lockstep" train "${settings[@]}" --run "$lab/overlap-plain" >"$lab/overlap-plain.log" 2>&1
        expected=$(fingerprint_in "$lab/overlap-plain.log")
        same "overlap at 1 Gbit/s, batch $batch: $verdict" "$expected" "$(fingerprint_in "$log")" "$log"
    else
        bad "overlap at 1 Gbit/s: $verdict"
        tail -n 25 "$log" | sed 's/^/      /'
    fi
}

# The first two blocks of VGG (Simonyan and Zisserman 2014) with a smaller head: as in most convolutional networks, most
# weights are in the layers whose gradients are final first.
write_overlap_model() {
    {
        printf 'name: overlap\nlayers:\n'
        local filters
        for filters in 64 128; do
            printf '  - conv2d: {filters: %s, kernel-size: 3, padding: same, activation: relu}\n' $filters $filters
            echo '  - max-pooling2d: {pool-size: 2}'
        done
        printf '  - flatten\n  - dense: {units: 512, activation: relu}\n  - dense: {units: 10, activation: softmax}\n'
    } >"$1"
}

# judge_overlap TRACE PARAMETERS BATCH: prints medians over steps and ranks, and succeeds if they are as they should be;
# else the last word is a better batch. What is to be hidden is the time that the link needs for the bytes, which is less
# than the exchange is under way: of two hosts each sends half of the gradients, and half of the new parameters.
judge_overlap() {
    python3 - "$@" <<'PYTHON'
import json, statistics, sys
events, parameters, batch = json.load(open(sys.argv[1]))["traceEvents"], int(sys.argv[2]), int(sys.argv[3])
link = parameters * 4 * 8 / 1e9 * 1e3
tracks = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
times = {}
for e in events:
    if e["ph"] == "X":
        key = tracks[e["pid"], e["tid"]], e["name"]
        step = times.setdefault((e["pid"], e["args"]["step"]), {})
        step[key] = step.get(key, 0) + e["dur"] / 1e3
# The first steps build kernels, and memory is touched for the first time.
steps = [spans for (_, step), spans in times.items() if step > 2 and ("thread 0", "step") in spans]
median = lambda *key: statistics.median(step[key] for step in steps)
backward = median("thread 0", "backward")
wait = median("thread 0", "exchange, wait for ranks")
under_way = median("exchange", "exchange, wait for ranks")
hidden = 1 - wait / link
problems = []
if len(steps) < 40: problems.append(f"only {len(steps)} steps")
if not 0.8 <= link / backward <= 1.25: problems.append("not as long")
if under_way < 0.95 * link: problems.append("faster than the link")
if hidden < 0.7: problems.append("too little")
print(f"exchange {link:.0f} ms on the link, backward {backward:.0f} ms, exchange under way {under_way:.0f} ms, "
      f"waited for {wait:.0f} ms; {hidden:.0%} hidden: {', '.join(problems) or 'enough'}", end="")
if problems: print(f"; next batch {min(400, max(8, round(batch * link / backward / 4) * 4))}")
sys.exit(bool(problems))
PYTHON
}
