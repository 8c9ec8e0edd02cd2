// What `lockstep launch` does when mpirun ends in this way or that. A script plays mpirun, so that it ends as told.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct LaunchPolicyTests {
        /// How a launch with a played mpirun went.
        private struct Launch {
            let result: ProcessResult
            /// The arguments of each call of mpirun.
            let calls: [String]
            /// RUN/launch.log, nil where there is no such file.
            let log: String?

            var errors: String { result.standardError }
        }

        /// Launches a job whose mpirun is a shell script.
        ///
        /// - Parameters:
        ///   - script: finds the number of its call in `$call`, and paths in `$run` and `$hosts`.
        ///   - hosts: the hostfile, if there is to be one.
        ///   - meanwhile: runs beside it, with the folder of `hosts` and `run`.
        private func launch(
            mpirun script: String, hosts: String? = nil, _ options: [String] = [], train: [String] = [],
            meanwhile: (@Sendable (String) -> Void)? = nil
        ) throws -> Launch {
            try withTemporaryFolder { folder in
                let (run, program) = (folder + "/run", folder + "/mpirun")
                try write(
                    """
                    #!/bin/sh
                    run='\(run)' hosts='\(folder)/hosts'
                    printf '%s\\n' "$*" >>'\(folder)/calls'
                    call=$(wc -l <'\(folder)/calls')
                    \(script)
                    """, to: program)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
                if let hosts { try write(hosts, to: folder + "/hosts") }
                if let meanwhile { Thread.detachNewThread { meanwhile(folder) } }
                let result = try lockstep(
                    ["launch", "--ranks", "4", "--back-off", "0.01"]
                        + (hosts == nil ? [] : ["--hostfile", folder + "/hosts"])
                        + options.map { $0.replacingOccurrences(of: "AGENT", with: folder + "/hosts.agent") }
                        + ["--", "train", "--run", run] + train,
                    environment: ["PATH": folder + ":/usr/bin:/bin"], timeoutSeconds: 60)
                #expect(!result.timedOut, "\(result.standardError)")
                let calls = (try? read(folder + "/calls").split(separator: "\n").map(String.init)) ?? []
                return Launch(result: result, calls: calls, log: try? read(run + "/launch.log"))
            }
        }

        /// 78 is what ranks end with for errors that would come again, so that they can be told from mpirun's own 1.
        @Test(arguments: [(Int32(0), Int32(0)), (1, 1), (64, 64), (75, 75), (78, 1)])
        func endsWithTheJobsStatus(status: Int32, expected: Int32) throws {
            let launch = try launch(mpirun: "exit \(status)")
            #expect(launch.result.status == expected, "\(launch.errors)")
            #expect(launch.calls.count == 1)
            #expect(launch.log == nil, "train makes the folder, unless it refuses to")
        }

        @Test(arguments: ["exit 70", "exit 137", "exit 255", "exit 205", "kill -9 $$"])
        func startsAgainAfterAFailure(end: String) throws {
            let launch = try launch(mpirun: "mkdir -p $run; [ $call -gt 2 ] || \(end)")
            #expect(launch.result.status == 0, "\(launch.errors)")
            #expect(launch.calls.map { $0.hasSuffix(" --resume auto") } == [false, true, true], "\(launch.calls)")
            #expect(launch.log == launch.errors, "the same on both")
            for words in ["incarnation 1: 4 of 4 ranks", "restart 2 of at most 5", "incarnation 3 ended", "finished"] {
                #expect(launch.errors.contains(words), "\(words): \(launch.errors)")
            }
        }

        /// mpirun ends with 1 when it is told to end and when a rank did; that is no mistake once there was training.
        @Test func aJobThatEndsWithOneStartsAgain() throws {
            let launch = try launch(mpirun: "mkdir -p $run; echo $call >$run/incarnation; [ $call -gt 2 ] || exit 1")
            #expect(launch.result.status == 0, "\(launch.errors)")
            #expect(launch.calls.count == 3)
        }

        /// SIGTERM to all processes of a job: the launcher's is a notice, mpirun's its end.
        @Test func aNoticeCountsWhateverMpirunEndsWith() throws {
            let launch = try launch(
                mpirun: """
                    mkdir -p $run; echo $call >$run/incarnation
                    trap '' USR1; kill -TERM $PPID; sleep 0.5; exit 1
                    """)
            #expect(launch.result.status == 75, "\(launch.errors)")
            #expect(launch.calls.count == 1)
        }

        /// The run that begins with another's checkpoint, and dies before it has one of its own.
        @Test func beginsWithTheSameCheckpointAgain() throws {
            let launch = try launch(
                mpirun: """
                    [ ! -e $run/config.yaml ] || exit 1
                    [ ! -e $run/checkpoints ] || exit 1
                    mkdir -p $run/checkpoints/.tmp.1.host.epoch=0-step=1; touch $run/config.yaml $run/metrics.csv
                    [ $call = 3 ] || exit 137
                    """, train: ["--resume", "other"])
            #expect(launch.result.status == 0, "\(launch.errors)")
            #expect(launch.calls.map { $0.contains(" --resume other ") } == [true, true, true])
            #expect(!launch.calls.contains { $0.contains("auto") }, "\(launch.calls)")
        }

        @Test func givesUpAtTheSameStep() throws {
            let launch = try launch(mpirun: "exit 70", ["--max-restarts", "2"])
            #expect(launch.result.status == 70)
            #expect(launch.calls.count == 3)
            #expect(launch.errors.contains("failed 3 times at the same step"), "\(launch.errors)")
        }

        @Test func aNewerCheckpointCountsAsProgress() throws {
            // Each incarnation but every second one saves a checkpoint of a real run.
            try withTemporaryFolder { folder in
                let made = folder + "/made"
                _ = try train(["--model", "mnist-mlp", "--limit-train-batches", "2", "--epochs", "4"], run: made)
                let script = """
                    mkdir -p $run/checkpoints
                    [ $((call % 2)) = 0 ] || cp -r '\(made)'/checkpoints/epoch=$((call / 2 + 1))-* $run/checkpoints/
                    exit 70
                    """
                let launch = try launch(mpirun: script, ["--max-restarts", "2"])
                #expect(launch.result.status == 70)
                // Checkpoints come with calls 1, 3, 5 and 7; calls 8 and 9 bring none, so there is no tenth.
                #expect(launch.calls.count == 9, "\(launch.errors)")
                #expect(launch.errors.contains("failed 3 times at the same step, after checkpoint epoch=4-step=8"))
            }
        }

        @Test func takesAsManyRanksAsThereAreSlots() throws {
            let launch = try launch(
                mpirun: """
                    mkdir -p $run
                    case $call in
                        1) echo 'localhost slots=3' >$hosts ;;
                        # As some editors write it.
                        2) printf '\\357\\273\\277# one is gone\\r\\nlocalhost\\r\\n\\r\\nlocalhost slots=1 max_slots=4\\r\\n' >$hosts ;;
                        3) printf 'localhost slots=4\\nother slots=8 # two for all\\n' >$hosts ;;
                        4) exit 0 ;;
                    esac
                    exit 70
                    """, hosts: "localhost slots=4\n",
                ["--min-ranks", "2", "--mpirun-option=--mca plm_rsh_agent /bin/true"])
            #expect(launch.result.status == 0, "\(launch.errors)")
            let starts = launch.calls.map { $0.split(separator: " ").prefix(4).joined(separator: " ") }
            #expect(
                starts == [
                    "-n 4 --host localhost:4", "-n 3 --host localhost:3", "-n 2 --host localhost:2",
                    "-n 4 --host localhost:4,other:8",
                ])
        }

        /// As Open MPI reads it; what other launchers write, it would take for a name.
        @Test func otherHostfilesAreRefused() throws {
            for (line, hint) in [
                ("localhost:4", "; write 'localhost slots=4'"), ("localhost sots=4", ""), ("localhost 4", ""),
                ("slots=4", ""),
            ] {
                let launch = try launch(mpirun: "exit 0", hosts: "# ours\n\(line)\n")
                #expect(launch.result.status == 1 && launch.calls.isEmpty)
                #expect(
                    launch.errors.contains("hosts:2: expected 'HOST slots=N', got '\(line)'\(hint)"), "\(launch.errors)"
                )
            }
            let others = try launch(
                mpirun: "exit 0", hosts: "localhost slots = 2 max_slots=3\nme@far cpus=1\n2001:db8::1 port=22 count=1\n"
            )
            #expect(
                others.calls.first?.hasPrefix("-n 4 --host localhost:2,me@far:1,2001:db8::1:1 ") == true, "\(others)")
        }

        @Test func waitsForSlots() throws {
            let launch = try launch(
                mpirun: """
                    mkdir -p $run
                    [ $call = 1 ] || exit 0
                    echo 'localhost slots=1' >$hosts
                    exit 70
                    """, hosts: "localhost slots=4\n", ["--min-ranks", "2"]
            ) { folder in
                // Another hand brings a slot back, after launch.log tells of the wait.
                for _ in 0..<500 where (try? read(folder + "/run/launch.log").contains("waits for")) != true {
                    usleep(20_000)
                }
                try? write("localhost slots=2\n", to: folder + "/hosts")
            }
            #expect(launch.result.status == 0, "\(launch.errors)")
            #expect(launch.calls.map { $0.prefix(4) } == ["-n 4", "-n 2"])
            #expect(launch.errors.contains("hosts has 1 slots, waits for at least 2"), "\(launch.errors)")
        }

        @Test func leavesOutHostsThatDoNotAnswer() throws {
            // `agent` plays ssh: the host `far` answers once.
            let launch = try launch(
                mpirun: """
                    mkdir -p $run
                    [ $call = 1 ] || printf '#!/bin/sh\\n[ "$1" != far ]\\n' >$hosts.agent
                    [ $call = 1 ] && printf '#!/bin/sh\\nexit 0\\n' >$hosts.agent
                    chmod +x $hosts.agent
                    [ $call = 3 ] || exit 205
                    """, hosts: "localhost slots=2\nfar slots=2\nnear slots=1\n",
                ["--min-ranks", "2", "--mpirun-option=--mca plm_rsh_agent AGENT"])
            #expect(launch.result.status == 0, "\(launch.errors)")
            let hosts = launch.calls.map { String($0.split(separator: " ")[3]) }
            #expect(hosts == ["localhost:2,far:2,near:1", "localhost:2,far:2,near:1", "localhost:2,near:1"])
            #expect(launch.calls[2].hasPrefix("-n 3 "))
            #expect(launch.errors.contains("no answer from far: goes on without"), "\(launch.errors)")
        }

        /// As an mpirun of Open MPI 4 that has locked itself up: with ranks that ended, of which it takes no note, or
        /// after it has taken note of all.
        @Test(arguments: ["fork or exit 0; sleep 50", "system qw(PROGRAM 2); sleep 50"])
        func anMpirunThatIsStuckIsEnded(script: String) throws {
            let launch = try launch(
                mpirun: """
                    mkdir -p $run $hosts.d
                    cp /bin/sleep $hosts.d/lockstep
                    echo $call >$run/incarnation
                    [ $call = 2 ] || exec perl -e "$(echo '\(script)' | sed "s:PROGRAM:$hosts.d/lockstep:")"
                    """)
            #expect(launch.result.status == 0, "\(launch.errors)")
            #expect(launch.calls.count == 2)
            #expect(launch.errors.contains("does not end although its ranks here have: killed"), "\(launch.errors)")
            #expect(launch.errors.contains("mpirun was killed by signal 9"), "\(launch.errors)")
        }

        @Test func givesUpWaitingForSlots() throws {
            let launch = try launch(
                mpirun: "echo 'localhost slots=1' >$hosts; exit 137", hosts: "localhost slots=4\n",
                ["--min-ranks", "2", "--slot-wait", "0.7"])
            #expect(launch.result.status == 70)
            #expect(launch.calls.count == 1)
            #expect(launch.errors.contains("hosts has 1 slots, waits for at least 2"), "\(launch.errors)")
            #expect(launch.errors.contains("at least 2 are wanted: gave up"), "\(launch.errors)")
        }
    }
}
