// Where things are: home folders, other working folders, data that moved, runs that begin together, other users.

import Checkpoints
import Foundation
import TestSupport
import Testing
import Training

/// Runs a shell script that knows the command as `lockstep`, in `folder`.
func shell(_ script: String, in folder: String, environment: [String: String] = [:]) throws -> ProcessResult {
    let head = """
        set -u; cd '\(folder)'; export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
        lockstep() { '\(try builtProduct("lockstep"))' "$@"; }

        """
    return try runProcess("/usr/bin/env", ["bash", "-c", head + script], environment: environment, timeoutSeconds: 120)
}

extension CommandTests {
    struct PlaceTests {
        static let short = "--model mnist-mlp --max-steps 2 --epochs 1 --shards 2 --verbose 0 --threads 1"

        private func names(_ folder: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        }

        // MARK: ~

        @Test func aTildeIsTheHomeFolder() throws {
            try withTemporaryFolder { folder in
                let home = folder + "/home"
                for name in ["/home", "/work", "/home/data"] {
                    try FileManager.default.createDirectory(atPath: folder + name, withIntermediateDirectories: true)
                }
                try MNISTFolder().write(to: home + "/data/mnist")
                try write(ResumeTests.model, to: home + "/model.yaml")
                try write("run: ~/yaml\nmodel: ~/model.yaml\n", to: home + "/settings.yaml")
                let result = try shell(
                    """
                    set -e
                    short='--max-steps 2 --epochs 1 --batch-size 20 --shards 2 --verbose 0 --threads 1'
                    lockstep train $short --model=~/model.yaml --data mnist:~/data/mnist --run=~/flags --trace=~/trace.json
                    LOCKSTEP_DATA='~/data' lockstep train $short --config=~/settings.yaml --data mnist --stage=~/stage \
                        --resume-weights=~/flags
                    lockstep train $short --run=~/yaml --resume=auto
                    lockstep launch --ranks 2 -- train $short --model mnist-mlp --run=~/launched
                    lockstep verify '~/flags/'; lockstep fingerprint '~/launched'; lockstep summary '~/model.yaml'
                    lockstep evaluate '~/yaml/checkpoints/last'
                    """, in: folder + "/work", environment: ["HOME": home])
                #expect(result.status == 0, "\(result.standardOutput) \(result.standardError)")
                #expect(result.standardOutput.contains("20 samples of mnist:\(home)/data/mnist - accuracy"))
                #expect(try names(folder + "/work").isEmpty)
                let expected = [
                    "data", "flags", "launched", "model.yaml", "settings.yaml", "stage", "trace.json", "yaml",
                ]
                #expect(try names(home) == expected)
                for run in ["flags", "launched", "yaml"] {
                    #expect(try names("\(home)/\(run)").contains("incarnation"))
                    #expect(try Checkpoint.open("\(home)/\(run)").state.step == 2)
                }
            }
        }

        // MARK: other working folders, other data

        private func text(_ result: ProcessResult) -> String { result.standardOutput + result.standardError }

        @Test(arguments: [[], ["--validation-split", "0.5"]])
        func otherDataAreNoticed(split: [String]) throws {
            try withTemporaryFolder { folder in
                let (own, other) = (folder + "/a", folder + "/b")
                try MNISTFolder().write(to: own + "/m")
                try MNISTFolder(
                    trainLabels: (0..<60).map { UInt8($0 % 7) }, testLabels: (0..<20).map { UInt8($0 % 7) }
                ).write(to: other + "/m")
                try write(ResumeTests.model, to: own + "/model.yaml")
                let settings = PlaceTests.short.replacing("mnist-mlp", with: "model.yaml") + " --batch-size 20 "
                let trained = try shell(
                    "lockstep train \(settings) \(split.joined(separator: " ")) --data mnist:m --run run", in: own)
                try #require(trained.status == 0, "\(text(trained))")
                #expect(try read(own + "/run/config.yaml").contains("data: mnist:\(own)/m\n"))
                #expect(try read(own + "/run/config.yaml").contains("model: \(own)/model.yaml\n"))

                func expect(_ status: Int32, _ command: String, says words: String) throws {
                    let result = try shell("lockstep \(command)", in: other)
                    #expect(result.status == status, "\(command): \(text(result))")
                    #expect(text(result).contains(words), "\(command): \(text(result))")
                }
                // The recorded place holds from anywhere.
                try expect(0, "evaluate ../a/run", says: "20 samples of mnist:\(own)/m - accuracy")
                try expect(0, "predict ../a/run 0", says: "0: ")
                try expect(0, "replay ../a/run", says: "step 2: confirmed")
                try expect(0, "train --run ../a/run --resume auto --max-steps 4 --epochs 2", says: "fingerprint")
                // The run was moved, and other data are in their place.
                try FileManager.default.moveItem(atPath: own + "/run", toPath: other + "/moved")
                try FileManager.default.moveItem(atPath: own + "/m", toPath: folder + "/data")
                try FileManager.default.removeItem(atPath: own + "/model.yaml")
                try FileManager.default.moveItem(atPath: other + "/m", toPath: own + "/m")
                try expect(1, "evaluate moved", says: "mnist:\(own)/m holds other data than those of the run")
                try expect(1, "predict moved 0", says: "holds other data than those of the run")
                try expect(2, "replay moved", says: "holds other training data than the run's")
                try expect(2, "replay moved --data mnist:../a/m", says: "holds other training data than the run's")
                try expect(2, "replay moved --data mnist:none", says: "lacks the MNIST files")
                try expect(0, "evaluate moved --data mnist:../a/m", says: "20 samples of mnist:")
                try expect(0, "evaluate moved --data mnist:../data", says: "20 samples of mnist:")
                try expect(0, "replay moved --data mnist:../data", says: "step 2: confirmed")
                if split.isEmpty {
                    let ranks = try lockstep(ranks: 2, ["replay", other + "/moved"])
                    #expect(ranks.status == 2, "\(text(ranks))")
                }
            }
        }

        // MARK: runs that begin together

        @Test func runsThatBeginTogetherHaveFoldersOfTheirOwn() throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    """
                    for seed in 1 2 3 4 5 6 7 8; do
                        lockstep train \(PlaceTests.short) --verbose 2 --seed $seed >out.$seed 2>&1 &
                        processes[$seed]=$!
                    done
                    for seed in 9 10; do
                        lockstep launch --ranks 1 -- train \(PlaceTests.short) --verbose 2 --seed $seed >out.$seed 2>&1 &
                        processes[$seed]=$!
                    done
                    for seed in 1 2 3 4 5 6 7 8 9 10; do wait ${processes[$seed]}; echo $?; done
                    """, in: folder)
                let outputs = try (1...10).map { try read("\(folder)/out.\($0)") }
                #expect(result.lines == Array(repeating: "0", count: 10), "\(outputs)")
                let runs = outputs.compactMap { output in
                    output.split(whereSeparator: \.isNewline).last { $0.hasPrefix("run folder ") }?.dropFirst(11)
                }.map(String.init)
                #expect(Set(runs).count == 10, "\(outputs)")
                for (seed, run) in zip(1...10, runs) {
                    #expect(try Checkpoint.open("\(folder)/\(run)").state.seed == UInt64(seed))
                    #expect(try metrics("\(folder)/\(run)").map { $0["step"] } == ["2"])
                }
                #expect(try names(folder + "/runs").count == 10)
            }
        }

        @Test func aRefusedCommandLeavesNoReservedFolder() throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    "lockstep launch --ranks 1 -- train --model mnist-mlp --optimizer none; echo $?", in: folder)
                #expect(result.lines.last == "64", "\(text(result))")
                #expect((try? names(folder + "/runs")) ?? [] == [])
            }
        }

        // MARK: other users

        @Test func filesHaveTheModesOfTheUmask() throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    """
                    umask 002
                    lockstep launch --ranks 1 -- train \(PlaceTests.short) --run run --trace trace.json
                    umask 027
                    lockstep train \(PlaceTests.short) --run other --profile
                    find run trace.json -type f ! -perm 0664 -o -type d ! -perm 0775
                    find other -type f ! -perm 0640 -o -type d ! -perm 0750
                    ls run/launch.log run/metrics.csv other/profile.txt >/dev/null || echo missing
                    """, in: folder)
                #expect(result.lines.filter { !$0.contains(" ") }.isEmpty, "\(text(result))")
            }
        }

        @Test(
            .enabled(
                if: CheckpointFailureTests.canBeNobody, "no other user to run as, or the build is out of its reach"),
            arguments: ["metrics.csv", "metrics.jsonl", "checkpoints"])
        func whatCannotBeAppendedToIsFoundBeforeTheFirstStep(name: String) throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    """
                    chmod 755 .
                    lockstep train \(PlaceTests.short) --run run
                    chown -R 65534 run; chown root run/\(name); before=$(cat run/incarnation)
                    setpriv --reuid=65534 --clear-groups '\(try builtProduct("lockstep"))' train --run run --resume auto \
                        --epochs 2 --max-steps 9 --verbose 1
                    echo "status $?"
                    [ "$before" = "$(cat run/incarnation)" ] && echo unclaimed
                    """, in: folder)
                #expect(result.lines.suffix(2) == ["status 1", "unclaimed"], "\(text(result))")
                #expect(text(result).contains("run/\(name)"), "\(text(result))")
                #expect(text(result).contains("Permission denied"), "\(text(result))")
                #expect(!result.standardOutput.contains("Epoch "), "\(text(result))")
            }
        }
    }
}
