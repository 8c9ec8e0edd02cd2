// The promise: the same bits on any layout of ranks and threads.

import TestSupport
import Testing

extension CommandTests {
    struct LayoutTests {
        /// Ranks and threads of at most eight workers.
        static let layouts = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2), (8, 1)]

        @Test(
            arguments: [
                ["--model", "mnist-mlp"], ["--model", "mnist-cnn"],
                [
                    "--model", "mnist-mlp", "--random-translation", "0.1", "--random-rotation", "0.03",
                    "--random-zoom", "0.1", "--random-crop", "2", "--random-flip", "both", "--random-brightness", "0.2",
                    "--random-contrast", "0.2", "--random-saturation", "0.2", "--cutout", "5",
                ],
            ])
        func weightsAreTheSameOnAnyLayout(settings: [String]) throws {
            // 50 samples over 8 shards: shards of 6 and 7.
            let arguments =
                settings + [
                    "--limit-train-batches", "20", "--epochs", "2", "--shards", "8", "--batch-size",
                    "50", "--validation-split", "0.03",
                ]
            try withTemporaryFolder { folder in
                let expected = try train(arguments, run: folder + "/plain")
                let records = try deterministicMetrics(folder + "/plain")
                #expect(try train(threads: 2, arguments, run: folder + "/plain-2") == expected)
                for (ranks, threads) in LayoutTests.layouts {
                    let run = "\(folder)/\(ranks)-\(threads)"
                    let fingerprint = try train(ranks: ranks, threads: threads, arguments, run: run)
                    #expect(fingerprint == expected, "\(ranks) ranks x \(threads) threads")
                    #expect(try deterministicMetrics(run) == records, "\(ranks) ranks x \(threads) threads")
                }
            }
        }

        /// More workers than shards, within a host and between hosts; with batch normalisation, and a last batch of 5
        /// samples. Those without a shard compute none, but update and evaluate.
        @Test(arguments: [[], ["--shards", "1"], ["--shards", "1", "--clip-norm", "0.5"]])
        func workersBeyondTheShardsChangeNoBits(settings: [String]) throws {
            try withTemporaryFolder { folder in
                let model = """
                    layers:
                      - conv2d: {filters: 4, kernel-size: 5, strides: 3}
                      - batch-normalization
                      - flatten
                      - dense: {units: 16}
                      - batch-normalization
                      - dense: {units: 10}
                    """
                try model.write(toFile: folder + "/bn.yaml", atomically: true, encoding: .utf8)
                // 300 samples: five batches of 59, and one of 5.
                let arguments =
                    [
                        "--model", folder + "/bn.yaml", "--batch-size", "59", "--validation-split", "0.97", "--epochs",
                        "2",
                    ] + settings
                let expected = try train(arguments, run: folder + "/plain")
                let records = try deterministicMetrics(folder + "/plain")
                let shards = settings.isEmpty ? 2 : 1
                let layouts: [(Int, Int, String?)] = [
                    (1, 3, nil), (3, 1, nil), (4, 1, nil), (8, 1, nil), (2, 2, "0,1"), (3, 1, "0,1,2"),
                    (5, 1, "0,0,1,1,2"),
                ]
                for (ranks, threads, hosts) in layouts {
                    let run = "\(folder)/\(ranks)-\(threads)-\(hosts ?? "")"
                    let result = try lockstep(
                        ranks: ranks, ["train", "--verbose", "2", "--threads", "\(threads)", "--run", run] + arguments,
                        environment: hosts.map { ["LOCKSTEP_HOSTS": $0] } ?? [:])
                    let place: Comment = "\(ranks) ranks x \(threads) threads, hosts \(hosts ?? "one")"
                    #expect(result.lines.contains("fingerprint \(expected)"), place)
                    #expect(try deterministicMetrics(run) == records, place)
                    let workers = ranks * threads
                    for words in [
                        "\(workers - shards) of \(workers) workers", "updates and evaluations",
                        shards == 2 ? "a larger --batch-size (from" : "--shards", "--shards \(workers > 4 ? 8 : 4)",
                    ] { #expect(result.standardError.contains(words), "\(place): \(result.standardError)") }
                }
            }
        }

        /// Ranks that can't share memory send messages: no shared memory to speak of, in a mount namespace of its own.
        @Test(.enabled(if: canShrinkSharedMemory, "needs root and the right to mount: skipped"))
        func messagesChangeNoBits() throws {
            try withTemporaryFolder { folder in
                let settings = "--model mnist-mlp --limit-train-batches 20 --epochs 2 --shards 8 --clip-norm 0.5"
                let expected = try train(settings.split(separator: " ").map(String.init), run: folder + "/plain")
                for ranks in [2, 3] {
                    let result = try runProcess(
                        "/usr/bin/unshare",
                        [
                            "--mount", "sh", "-c",
                            "mount -t tmpfs -o size=300k tmpfs /dev/shm && exec mpirun --allow-run-as-root --oversubscribe "
                                + "--timeout 60 -n \(ranks) '\(try builtProduct("lockstep"))' train \(settings) "
                                + "--verbose 2 --run '\(folder)/\(ranks)'",
                        ], timeoutSeconds: 70)
                    #expect(result.status == 0, "\(result.standardError)")
                    #expect(result.lines.contains("fingerprint \(expected)"), "\(ranks) ranks: \(result.lines)")
                    let warnings = result.standardError.split(separator: "\n").count {
                        $0.contains("warning: /dev/shm of ")
                    }
                    #expect(warnings == 1, "\(result.standardError)")
                }
            }
        }

        /// A job on two kinds of processors, played by ranks that choose other kernels, and each kind alone.
        @Test(.enabled(if: hasAVX512, "needs a processor with AVX-512, which scripts/test-emulated emulates: skipped"))
        func kernelsChangeNoBits() throws {
            try withTemporaryFolder { folder in
                let program = try builtProduct("lockstep")
                func fingerprint(_ instructionSets: [String]) throws -> String? {
                    let run = folder + "/" + instructionSets.joined(separator: "-")
                    let ranks = instructionSets.map { set in
                        ["-n", "1", "-x", "LOCKSTEP_INSTRUCTION_SET=\(set)", program, "train", "--model", "mnist-cnn"]
                            + ["--max-steps", "6", "--shards", "4", "--threads", "1", "--verbose", "2", "--run", run]
                    }
                    let result = try runProcess(
                        "/usr/bin/env",
                        ["mpirun", "--allow-run-as-root", "--oversubscribe", "--timeout", "60"]
                            + ranks.joined(separator: [":"]),
                        timeoutSeconds: 70)
                    #expect(result.status == 0, "\(result.standardError)")
                    return result.lines.first { $0.hasPrefix("fingerprint ") }
                }
                let mixed = try #require(try fingerprint(["x86-64-v3", "x86-64-v4"]))
                #expect(try fingerprint(["x86-64-v3", "x86-64-v3"]) == mixed)
                #expect(try fingerprint(["x86-64-v4", "x86-64-v4"]) == mixed)
            }
        }

        @Test func kernelsThatCannotRunAreRefused() throws {
            for ranks in [nil, 2] {
                let result = try lockstep(
                    ranks: ranks, ["train", "--max-steps", "1"],
                    environment: ["LOCKSTEP_INSTRUCTION_SET": "x86-64-v2"])
                #expect(result.status == 1, "\(result.standardError)")
                #expect(result.standardError.contains("no kernels for the instruction set 'x86-64-v2' can run here"))
            }
        }

        static let hasAVX512 = (try? read("/proc/cpuinfo"))?.contains(" avx512vl") == true

        static let canShrinkSharedMemory =
            (try? runProcess(
                "/usr/bin/unshare", ["--mount", "sh", "-c", "mount -t tmpfs -o size=300k tmpfs /dev/shm"],
                timeoutSeconds: 10))?.status == 0

        /// Ranks on hosts of all kinds, by LOCKSTEP_HOSTS: in blocks, in turn, unevenly; with the global norm and without.
        @Test(arguments: ["0,1", "0,1,2", "0,0,1,1", "0,1,0,1", "0,1,1,2,1,1", "0,1,2,0,1,2,2,2"])
        func hostsChangeNoBits(hosts: String) throws {
            let ranks = hosts.split(separator: ",").count
            try withTemporaryFolder { folder in
                for (name, options) in [("mnist-cnn", []), ("mnist-mlp", ["--clip-norm", "0.5"])] {
                    let arguments =
                        ["--model", name, "--max-steps", "12", "--epochs", "1", "--shards", "16", "--batch-size", "50"]
                        + options
                    let expected = try train(arguments, run: "\(folder)/plain-\(name)")
                    let run = "\(folder)/\(name)"
                    let result = try lockstep(
                        ranks: ranks,
                        ["train", "--verbose", "2", "--threads", ranks < 4 ? "2" : "1", "--run", run] + arguments,
                        environment: ["LOCKSTEP_HOSTS": hosts])
                    #expect(result.status == 0, "\(result.standardError)")
                    #expect(result.lines.contains("fingerprint \(expected)"), "\(name): \(result.lines)")
                }
            }
        }

        @Test func hostsMustBeNamedForEveryRank() throws {
            try withTemporaryFolder { folder in
                let result = try lockstep(
                    ranks: 2, ["train", "--max-steps", "1", "--run", folder + "/run"],
                    environment: ["LOCKSTEP_HOSTS": "0,1,0"])
                #expect(result.status != 0)
                #expect(result.standardError.contains("LOCKSTEP_HOSTS=0,1,0 must name the hosts of 2 ranks"))
            }
        }

        /// A fingerprint that never changed would be the same on any layout, too.
        @Test func fingerprintTellsRunsApart() throws {
            let arguments = ["--model", "mnist-mlp", "--max-steps", "2", "--epochs", "1"]
            try withTemporaryFolder { folder in
                let runs = try [
                    ["--seed", "0"], ["--seed", "1"], ["--shards", "4"], ["--batch-size", "31"],
                    ["--random-translation", "0.1"], ["--random-rotation", "0.1"], ["--random-zoom", "0.1"],
                    ["--random-crop", "2"], ["--random-flip", "horizontal"], ["--random-flip", "vertical"],
                    ["--random-brightness", "0.1"], ["--random-contrast", "0.1"], ["--cutout", "5"],
                ].enumerated().map { try train(arguments + $1, run: "\(folder)/\($0)") }
                #expect(Set(runs).count == runs.count, "\(runs)")
            }
        }

        @Test(
            arguments: [
                // The last step of the epoch has 16 samples.
                ["--batch-size", "48", "--epochs", "1", "--shards", "4"],
                // Shards without a sample.
                ["--batch-size", "1", "--max-steps", "5", "--shards", "4"],
                // The validation set is cut unevenly, too.
                ["--batch-size", "7", "--max-steps", "20", "--shards", "8", "--validation-split", "0.0101"],
                ["--batch-size", "full", "--epochs", "2"],
            ])
        func unevenDataAreWeightedExactly(arguments: [String]) throws {
            let arguments = ["--model", "mnist-mlp"] + arguments
            try withTemporaryFolder { folder in
                let expected = try train(arguments, run: folder + "/plain")
                for ranks in [1, 3] {
                    #expect(try train(ranks: ranks, arguments, run: "\(folder)/\(ranks)") == expected)
                    #expect(
                        try deterministicMetrics("\(folder)/\(ranks)") == deterministicMetrics(folder + "/plain"))
                }
            }
        }

        @Test func shortLastBatchIsTrainedOn() throws {
            try withTemporaryFolder { folder in
                _ = try train(
                    ["--model", "mnist-mlp", "--batch-size", "48", "--epochs", "1"], run: folder + "/run")
                // 10000 = 208 x 48 + 16
                #expect(try metrics(folder + "/run").last?["step"] == "209")
            }
        }

        /// Under mpirun this setting stops MPI_Init; so a process that works has not called it.
        @Test func plainProcessStartsNoMPI() throws {
            let noMPI = ["OMPI_MCA_pml": "absent"]
            try withTemporaryFolder { folder in
                let arguments = ["train", "--model", "mnist-mlp", "--max-steps", "2", "--run"]
                let plain = try lockstep(arguments + [folder + "/plain"], environment: noMPI)
                #expect(plain.status == 0, "\(plain.standardError)")
                let only = try lockstep(ranks: 1, arguments + [folder + "/only"], environment: noMPI)
                #expect(only.status == 0, "\(only.standardError)")
                let ranks = try lockstep(ranks: 2, arguments + [folder + "/ranks"], environment: noMPI)
                #expect(ranks.status != 0)
            }
        }
    }
}
