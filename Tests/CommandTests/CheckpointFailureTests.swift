// What happens when a checkpoint can't be written: training goes on, or stops when told to; what is there stays whole;
// and a process whose run was taken over leaves it alone.

import Checkpoints
import Foundation
import TestSupport
import Testing
import Training

extension CommandTests {
    struct CheckpointFailureTests {
        static let settings = """
            --model mnist-mlp --limit-train-batches 4 --epochs 12 --shards 2 --batch-size 50 --threads 1 --keep-last 99 \
            --log-every-n-steps 1
            """
        /// Mounts need root, or a kernel that lends its rights.
        static let canMount =
            (try? runProcess(
                "/usr/bin/env", ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], timeoutSeconds: 20))?.status
            == 0
        static let canBeNobody =
            (try? runProcess(
                "/usr/bin/env", ["setpriv", "--reuid=65534", "--clear-groups", "test", "-x", builtProduct("lockstep")],
                timeoutSeconds: 20))?.status == 0

        /// Runs a script in which `train ARGUMENTS` starts a training into $run in the background, with its messages in
        /// $log, and `until_log TEXT` waits for one of them.
        private func run(_ folder: String, mounts: Bool = false, fault: String = "", _ script: String) throws
            -> ProcessResult
        {
            let functions = """
                set -u
                folder='\(folder)'; run=$folder/run; log=$folder/log
                train() {
                    $prefix '\(try builtProduct("lockstep"))' train \(CheckpointFailureTests.settings) --run "$run" "$@" \
                        2>>"$log" &
                    process=$!
                }
                until_log() { until grep -q "$1" "$log" || ! kill -0 $process 2>/dev/null; do sleep 0.02; done; }
                until_there() { until [ -e "$1" ] || ! kill -0 $process 2>/dev/null; do sleep 0.02; done; }
                finish() { wait $process; echo "status $?"; cat "$log" >&2; }
                prefix=; : >"$log"
                """
            let shell = ["bash", "-c", functions + "\n" + script]
            return try runProcess(
                "/usr/bin/env", (mounts ? ["unshare", "-m"] : []) + shell, environment: ["LOCKSTEP_FAULT": fault],
                timeoutSeconds: 90)
        }

        private func expected(_ folder: String) throws -> (fingerprint: String, rows: [[String]]) {
            let arguments = CheckpointFailureTests.settings.split(whereSeparator: \.isWhitespace).map(String.init)
            let fingerprint = try train(arguments, run: folder + "/whole")
            return (fingerprint, try deterministicMetrics(folder + "/whole"))
        }

        private func expectWhole(_ run: String, count: Int? = nil, atLeast: Int = 1) throws {
            let all = Checkpoint.all(in: run)
            for (path, result) in all { #expect(throws: Never.self, "\(path)") { try result.get() } }
            #expect(all.count == count ?? all.count && all.count >= atLeast, "\(all.map(\.path))")
            let left = try FileManager.default.subpathsOfDirectory(atPath: run).filter { $0.contains(".tmp.") }
            #expect(left.isEmpty)
        }

        @Test(.enabled(if: canMount, "no right to mount a small file system"), arguments: ["warn", "stop"])
        func aFullDiskLosesNothing(action: String) throws {
            try withTemporaryFolder { folder in
                let result = try run(
                    folder, mounts: true,
                    """
                    mkdir "$folder/disk"; mount -t tmpfs -o size=4m none "$folder/disk"; run=$folder/disk/run
                    train --on-checkpoint-error \(action); finish
                    cp -a "$folder/disk/run" "$folder/copy"
                    """)
                #expect(result.lines.last == "status 1", "\(result.lines)")
                let words = "No space left on device; free some space"
                #expect(result.standardError.contains(words), "\(result.standardError)")
                #expect(result.standardError.contains("the run's last checkpoint could not be written"))
                try expectWhole(folder + "/copy", atLeast: 3)
                let rows = try metrics(folder + "/copy")
                let full = rows.last?["step"] == "48"
                #expect(action == "warn" ? full : !full, "\(rows.last ?? [:])")
                // It goes on where there is room.
                let undisturbed = try expected(folder)
                #expect(try train(["--resume", "auto"], run: folder + "/copy") == undisturbed.fingerprint)
                #expect(try deterministicMetrics(folder + "/copy") == undisturbed.rows)
            }
        }

        /// Metrics too: the disk is full to the last byte for a while.
        @Test(.enabled(if: canMount, "no right to mount a small file system")) func aDiskThatHasRoomAgain() throws {
            try withTemporaryFolder { folder in
                let result = try run(
                    folder, mounts: true, fault: "step@20:sleep=1,step@30:sleep=1",
                    """
                    mkdir "$folder/disk"; mount -t tmpfs -o size=24m none "$folder/disk"; run=$folder/disk/run
                    train; until_there "$run/checkpoints/last"
                    dd if=/dev/zero of="$folder/disk/filler" bs=4k 2>/dev/null
                    until_log 'metrics could not be written'; until_log 'checkpoint could not be written'
                    rm "$folder/disk/filler"; finish
                    cp -a "$run" "$folder/copy"
                    """)
                try expectUndisturbed(result, folder, run: "/copy", "No space left on device")
            }
        }

        private func expectUndisturbed(_ result: ProcessResult, _ folder: String, run: String, _ words: String) throws {
            #expect(result.lines.last == "status 0", "\(result.lines) \(result.standardError)")
            #expect(result.standardError.contains("warning: "), "\(result.standardError)")
            #expect(result.standardError.contains(words), "\(result.standardError)")
            try expectWhole(folder + run)
            let undisturbed = try expected(folder)
            #expect(result.lines.contains("fingerprint \(undisturbed.fingerprint)"), "\(result.lines)")
            #expect(try Checkpoint.open(folder + run).weightsFingerprint().description == undisturbed.fingerprint)
            #expect(try deterministicMetrics(folder + run) == undisturbed.rows)
        }

        @Test(.enabled(if: canMount, "no right to mount a file system read-only")) func aReadOnlyFolder() throws {
            try withTemporaryFolder { folder in
                let result = try run(
                    folder, mounts: true, fault: "step@20:sleep=1,step@30:sleep=1",
                    """
                    mkdir "$run"; mount --bind "$run" "$run"
                    train; until_there "$run/checkpoints/last"
                    until mount -o remount,ro,bind "$run" || ! kill -0 $process; do sleep 0.02; done
                    until_log 'checkpoint could not be written'
                    mount -o remount,rw,bind "$run"; finish
                    """)
                try expectUndisturbed(result, folder, run: "/run", "Read-only file system")
            }
        }

        @Test(.enabled(if: canBeNobody, "no other user to run as, or the build is out of its reach"))
        func aFolderWithoutPermission() throws {
            try withTemporaryFolder { folder in
                let result = try run(
                    folder, fault: "step@20:sleep=1,step@30:sleep=1",
                    """
                    mkdir "$run"; chown 65534 "$run"; chmod 755 "$folder"
                    prefix='setpriv --reuid=65534 --clear-groups'
                    train; until_there "$run/checkpoints/last"
                    chown root "$run/checkpoints"
                    until_log 'checkpoint could not be written'
                    chown 65534 "$run/checkpoints"; finish
                    """)
                try expectUndisturbed(result, folder, run: "/run", "Permission denied")
            }
        }

        @Test func aRemovedFolderIsMadeAgain() throws {
            try withTemporaryFolder { folder in
                let result = try run(
                    folder, fault: "step@20:sleep=1",
                    """
                    train; until_there "$run/checkpoints/last"
                    until_log 'fault:'; mv "$run" "$folder/elsewhere"; finish
                    """)
                #expect(result.lines.last == "status 0", "\(result.lines) \(result.standardError)")
                #expect(result.standardError.contains("was removed and has been made again"), "\(result.standardError)")
                #expect(try read(folder + "/run/config.yaml") == read(folder + "/elsewhere/config.yaml"))
                let undisturbed = try expected(folder)
                #expect(try train(["--resume", "auto"], run: folder + "/run") == undisturbed.fingerprint)
                try expectWhole(folder + "/run")
            }
        }

        /// A process that was stopped while another one took over the run.
        @Test(arguments: ["step@10:stop", "before-rename@2:stop"]) func aStaleProcessLeavesTheRunAlone(fault: String)
            throws
        {
            try withTemporaryFolder { folder in
                let result = try run(
                    folder, fault: fault,
                    """
                    train; until_log 'fault:'; stale=$process
                    LOCKSTEP_FAULT= train --resume auto; wait $process; echo "successor $?"
                    cp -a "$run" "$folder/copy"
                    kill -CONT $stale; process=$stale; finish
                    diff -r -x '.tmp.*' "$run" "$folder/copy" && echo same
                    """)
                #expect(result.lines.contains("successor 0"), "\(result.standardError)")
                #expect(
                    Array(result.lines.suffix(2)) == ["status 1", "same"], "\(result.lines) \(result.standardError)")
                #expect(result.standardError.contains("belongs to another run by now"), "\(result.standardError)")
                try expectWhole(folder + "/run")
                #expect(try deterministicMetrics(folder + "/run") == expected(folder).rows)
            }
        }
    }
}
