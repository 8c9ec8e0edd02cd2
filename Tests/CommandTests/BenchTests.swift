// scripts/bench, so that it does not rot: whether it measures, judges and writes. How fast is no business of a test.

import Foundation
import Testing
import TestSupport

@Suite("scripts/bench")
struct BenchTests {
    /// One row of a table, as far as the tests care.
    private struct Row: Decodable {
        let key: String
        let values: [Double]
        let absent: String?
    }
    private struct Goal: Decodable { let met: Bool? }
    private struct Table: Decodable {
        let benchmark: String
        let part: String
        let rows: [Row]
        let goals: [Goal]
    }

    private func bench(_ arguments: [String]) throws -> ProcessResult {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../scripts/bench")
        return try runProcess(
            "/usr/bin/env", ["bash", script.standardized.path] + arguments, timeoutSeconds: 120)
    }

    @Test("A quick run without peers measures ours, beats nobody who is absent, and writes JSON")
    func quickRun() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "bench-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        let result = try bench([
            "seed-mlp/1-core", "reduce/4-KiB", "conv/16x16", "tta/mnist-fast", "--quick", "--repetitions", "2",
            "--no-build", "--json", file.path,
        ])
        #expect(result.status == 0, "\(result.standardError)")
        let tables = try JSONDecoder().decode([Table].self, from: Data(contentsOf: file))
        #expect(
            tables.map { "\($0.benchmark)/\($0.part)" } == [
                "seed-mlp/1-core", "reduce/4-KiB", "conv/16x16", "tta/mnist-fast",
            ])
        for table in tables {
            let ours = try #require(table.rows.first { $0.key == "ours" })
            #expect(ours.values.count == 2 && ours.values.allSatisfy { $0 > 0 })
            #expect(!table.goals.isEmpty)
        }
        let mlp = try #require(tables.first)
        for peer in mlp.rows.dropFirst() { #expect(peer.values.isEmpty && peer.absent == "not asked for (--peers)") }
        #expect(mlp.goals.prefix(2).allSatisfy { $0.met == nil })
        #expect(result.standardOutput.contains("| Lockstep, 1 shard"))
        #expect(result.standardOutput.contains("GFLOP/s FMA peak"))
    }

    @Test("An unknown benchmark is refused")
    func unknown() throws {
        let result = try bench(["seed-mpl", "--no-build"])
        #expect(result.status == 2)
        #expect(result.standardError.contains("no benchmark 'seed-mpl'"))
    }
}
