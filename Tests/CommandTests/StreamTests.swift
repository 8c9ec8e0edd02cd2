// What happens to a run when nobody can read what it tells, and to one whose terminal is gone.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct StreamTests {
        private static let settings = [
            "--model", "mnist-mlp", "--limit-train-batches", "5", "--shards", "4", "--threads", "1", "--epochs", "12",
            "--validation-split", "0.03", "--checkpoint-every-n-epochs", "0",
        ]

        /// Runs a bash script in an empty folder, with `$lockstep`, `$train` (its settings), and `$run`.
        private func shell(_ script: String, _ folder: String, seconds: Double = 90) throws -> ProcessResult {
            let result = try runProcess(
                "/bin/bash", ["-c", "set -o pipefail; cd '\(folder)'\n" + script],
                environment: [
                    "lockstep": try builtProduct("lockstep"), "run": folder + "/run",
                    "train": "train --verbose 2 --run \(folder)/run \(StreamTests.settings.joined(separator: " "))",
                    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                ], timeoutSeconds: seconds)
            #expect(!result.timedOut, "\(result.standardError)")
            return result
        }

        /// `| head`: its reader goes after two lines, and the run doesn't mind.
        @Test(arguments: ["$train", "launch --ranks 2 -- $train"])
        func aReaderThatGoesEndsNoRun(command: String) throws {
            try withTemporaryFolder { folder in
                // All of standard error, too: what mpirun tells would end it as well.
                let result = try shell(
                    """
                    "$lockstep" \(command) 2>&1 | head -n 2
                    echo "status $?"
                    """, folder)
                #expect(result.lines.last == "status 0", "\(result.lines) \(result.standardError)")
                #expect(result.lines.count == 3)
                #expect(try metrics(folder + "/run").count == 12)
                #expect(FileManager.default.fileExists(atPath: folder + "/run/summary.txt"))
            }
        }

        /// `| tee log` and Ctrl-C: tee dies of it too, the run stops with a checkpoint.
        @Test(arguments: ["INT", "HUP"]) func aNoticeStillCountsWithoutAReader(signal: String) throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    """
                    mkfifo pipe
                    "$lockstep" $train --epochs 4000 >pipe 2>&1 &
                    head -n 3 <pipe >/dev/null
                    until [ "$(wc -l <"$run/metrics.csv")" -gt 3 ]; do sleep 0.02; done
                    kill -\(signal) $!
                    wait $!
                    echo "status $?"
                    """, folder)
                #expect(result.lines == ["status 75"], "\(result.lines) \(result.standardError)")
                let rows = try metrics(folder + "/run")
                let last = try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/run/checkpoints/last")
                let step = try #require(rows.last?["step"].flatMap { Int($0) })
                #expect((step...step + 5).contains { last.hasSuffix("step=\($0)") }, "\(last) after step \(step)")
            }
        }

        /// nohup lets a program ignore SIGHUP, and means it.
        @Test func nohupIsRespected() throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    """
                    LOCKSTEP_FAULT=step@20:sleep=0.5 nohup "$lockstep" $train 2>told &
                    until grep -q fault told 2>/dev/null; do sleep 0.02; done
                    kill -HUP $!
                    wait $!
                    echo "status $?"
                    """, folder)
                #expect(result.lines.last == "status 0", "\(result.lines) \(result.standardError)")
                #expect(try metrics(folder + "/run").count == 12)
            }
        }

        /// Streams that can't be written to: the same runs, the same statuses.
        @Test(arguments: [">/dev/full 2>/dev/full", "<&- >&- 2>&-", ">/dev/null 2>&-", "hung up"])
        func streamsThatCannotBeWrittenEndNothing(streams: String) throws {
            try withTemporaryFolder { folder in
                let hangsUp = streams == "hung up"
                let program = hangsUp ? "python3 hung-up.py \"$lockstep\"" : "\"$lockstep\""
                let streams = hangsUp ? "" : streams
                // Becomes the program, on a pseudo-terminal whose other side is closed.
                try write(
                    """
                    import os, sys
                    controller, terminal = os.openpty()
                    for stream in 0, 1, 2: os.dup2(terminal, stream)
                    os.close(controller)
                    os.execv(sys.argv[1], sys.argv[1:])
                    """, to: folder + "/hung-up.py")
                // Two threads on one core are a warning.
                let result = try shell(
                    """
                    taskset -c 0 \(program) $train --threads 2 \(streams)
                    echo "train $?"
                    \(program) $train --run "$run/none" --data "mnist:$run/none" \(streams)
                    echo "data $?"
                    \(program) train --epochs many \(streams)
                    echo "flags $?"
                    \(program) compare "$run" "$run/none" \(streams)
                    echo "compare $?"
                    \(program) launch --ranks 1 -- $train --resume auto --epochs 13 \(streams)
                    echo "launch $?"
                    \(program) launch --ranks 1 -- train --run "$run/none" --epochs 0 \(streams)
                    echo "launch $?"
                    """, folder)
                #expect(
                    result.lines == ["train 0", "data 1", "flags 64", "compare 2", "launch 0", "launch 64"],
                    "\(result.lines) \(result.standardError)")
                #expect(try metrics(folder + "/run").count == 13)
            }
        }

        /// Of a run the results are in its folder. Of other commands what they print is all: on a full disk that is no success,
        /// while a reader that goes early has what it wanted.
        @Test func anAnswerThatCannotBeWrittenIsAnError() throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    """
                    "$lockstep" $train >/dev/null
                    try() { "$lockstep" "$@" >/dev/full 2>told; echo "$1 $?"; grep -v 'No space left on device' told; }
                    try fingerprint "$run"; try evaluate "$run"; try summary mnist-mlp; try inspect digits; try predict "$run" 0
                    try plan mnist-mlp --batch-size 64 --hosts 1 --measured "$run"; try verify "$run"; try compare "$run" "$run"; try replay "$run"
                    try --help; try --version; try train --help; try train --run "$run/other" --max-steps 1
                    "$lockstep" --help | true; echo "reader ${PIPESTATUS[0]}"
                    "$lockstep" predict "$run" 0-1999 | head -n 1 >/dev/null; echo "reader ${PIPESTATUS[0]}"
                    """, folder)
                let ones = ["fingerprint", "evaluate", "summary", "inspect", "predict", "plan"].map { "\($0) 1" }
                let twos = ["verify", "compare", "replay"].map { "\($0) 2" }
                #expect(
                    result.lines == ones + twos + [
                        "--help 1", "--version 1", "train 1", "train 0", "reader 0", "reader 0",
                    ],
                    "\(result.lines) \(result.standardError)")
            }
        }

        /// Otherwise the first files that a run opens would be its standard streams, and get what it tells.
        @Test func closedStreamsAreNoFiles() throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    """
                    LOCKSTEP_FAULT=step@3:sleep=2 "$lockstep" $train <&- >&- 2>&- &
                    until [ -e "$run/incarnation" ]; do sleep 0.02; done
                    for stream in 0 1 2; do readlink /proc/$!/fd/$stream; done
                    wait $!
                    echo "status $?"
                    """, folder)
                #expect(result.lines == ["/dev/null", "/dev/null", "/dev/null", "status 0"], "\(result.lines)")
            }
        }
    }
}
