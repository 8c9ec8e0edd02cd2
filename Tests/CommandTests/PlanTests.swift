// `lockstep plan`: numbers that follow from the measured run and the network, a plot, a trace that fits together.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct PlanTests {
        private func plan(_ folder: String, _ arguments: [String]) throws -> ProcessResult {
            let run = folder + "/measured"
            if !FileManager.default.fileExists(atPath: run) {
                _ = try train(
                    [
                        "--model", "mnist-mlp", "--batch-size", "256", "--shards", "16", "--epochs", "2",
                        "--limit-train-batches", "5",
                    ], run: run)
            }
            return try lockstep(
                ["plan", "mnist-mlp", "--batch-size", "256", "--shards", "16", "--measured", run] + arguments)
        }

        @Test(arguments: [
            ("--batch-size", "9223372036854775807", "at most 1099511627776"), ("--input", "1x1x1x1x1x1x1", "at most 5"),
            ("--input", "2147483648", "at most 2^31 - 2"),
        ]) func whatIsTooLargeIsRefused(option: String, value: String, words: String) throws {
            try withTemporaryFolder { folder in
                let result = try lockstep([
                    "plan", "mnist-mlp", "--measured", folder, "--batch-size", "1", "\(option)=\(value)",
                ])
                #expect(result.status == 1 && result.standardError.contains(words), "\(result.standardError)")
            }
        }

        @Test func rowsFollowFromTheNetwork() throws {
            try withTemporaryFolder { folder in
                let result = try plan(
                    folder, ["--hosts", "1,2,4", "--network", "1Gbit,0us", "--json", "--plot", folder + "/plot.svg"])
                try #require(result.status == 0, "\(result.standardError)")
                let json = try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8))
                let rows = try #require(json as? [[String: Any]])
                let exchange = try rows.map { try #require($0["exchangeMilliseconds"] as? Double) }
                #expect(exchange[0] == 0)
                // A reduce-scatter and an all-gather of 50,890 floats and the record: (n - 1) / n of them, out and in.
                let whole = 2 * 50_906 * 4 / 125e6 * 1e3
                for (row, count) in zip(1..., [2.0, 4.0]) {
                    let least = whole * (count - 1) / count
                    #expect(exchange[row] >= 0.99 * least && exchange[row] < 1.5 * least, "\(exchange[row]) \(least)")
                }
                let steps = try rows.map { try #require($0["stepMilliseconds"] as? Double) }
                let efficiency = try #require(rows[2]["efficiency"] as? Double)
                #expect(abs(efficiency - steps[0] / (4 * steps[2])) < 1e-9)
                let plot = try read(folder + "/plot.svg")
                #expect(plot.hasPrefix("<svg") && plot.hasSuffix("</svg>\n"))
                #expect(plot.count { $0 == "<" } == plot.count { $0 == ">" })
            }
        }

        /// Whatever a rank sends, another receives, under the same tag and of the same size.
        @Test func traceFitsTogether() throws {
            try withTemporaryFolder { folder in
                let result = try plan(
                    folder, ["--hosts", "3", "--ranks-per-host", "2", "--threads", "1", "--trace", folder + "/trace"])
                try #require(result.status == 0, "\(result.standardError)")
                var sent: [String: Int] = [:]
                for rank in 0..<6 {
                    for line in try read(folder + "/trace/rank-\(rank).txt").split(separator: "\n") {
                        let words = line.split(separator: " ")
                        #expect(words[0] == "\(rank)")
                        switch words[1] {
                        case "isend": sent["\(rank) \(words[2]) \(words[3...])", default: 0] += 1
                        case "irecv": sent["\(words[2]) \(rank) \(words[3...])", default: 0] -= 1
                        default: #expect(["init", "waitall", "finalize"].contains(words[1]))
                        }
                    }
                }
                #expect(sent.count > 6 && sent.values.allSatisfy { $0 == 0 }, "\(sent)")
            }
        }

        @Test(
            arguments: [
                (["--hosts", "0"], "--hosts must be"), (["--network", "fast"], "--network must be"),
                (["--threads", "4096"], "at most 1024 threads a rank"),
                (["--hosts", "65536", "--ranks-per-host", "9223372036854775807"], "--ranks-per-host must be"),
                (["--optimizer", "lion"], "unknown --optimizer"),
                (["--measured", "/nowhere"], "--measured wants"),
                (["--trace", "/proc/x", "--hosts", "2"], "can't write"),
            ])
        func mistakesAreNamed(arguments: [String], words: String) throws {
            try withTemporaryFolder { folder in
                let result = try plan(folder, arguments)
                #expect(result.status == 1)
                #expect(result.standardError.contains(words), "\(result.standardError)")
            }
        }
    }
}
