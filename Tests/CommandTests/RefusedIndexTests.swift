// Indices that arise within a model and are no row: one message, no update, on all layouts, and no second try.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct RefusedIndexTests {
        /// The second layer's outputs are indices of the third; nobody can know them before the first step.
        private static let model = """
            layers:
              - flatten
              - dense: {units: 2}
              - embedding: {input-dimension: 3, output-dimension: 2}
              - flatten
              - dense: {units: 10, activation: softmax}
            """

        struct Layout: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let launch: [String]
            let ranks: Int?
            let hosts: String?
        }

        static let layouts = [
            Layout(testDescription: "alone", launch: [], ranks: nil, hosts: nil),
            Layout(testDescription: "three ranks", launch: [], ranks: 3, hosts: nil),
            Layout(testDescription: "two hosts", launch: [], ranks: 2, hosts: "0,1"),
            Layout(testDescription: "launch", launch: ["launch", "--ranks", "2", "--"], ranks: nil, hosts: nil),
        ]

        @Test(arguments: layouts) func theStepEndsOnAllRanks(_ layout: Layout) throws {
            try withTemporaryFolder { folder in
                try write(Self.model, to: folder + "/model.yaml")
                let result = try lockstep(
                    ranks: layout.ranks,
                    layout.launch
                        + ["train", "--model", folder + "/model.yaml", "--epochs", "1", "--shards", "4"]
                        + ["--threads", "1", "--run", folder + "/run"],
                    environment: layout.hosts.map { ["LOCKSTEP_HOSTS": $0] } ?? [:], timeoutSeconds: 40)
                #expect(result.status == 1, "\(result.status)")
                let pattern = try Regex(
                    "step 1: sample \\d+ of digits: index \\S+, expected a whole number in 0 \\.\\.< 3; no update was made"
                )
                #expect(result.standardError.contains(pattern), "\(result.standardError)")
                #expect(!result.standardError.contains("incarnation 2"), "\(result.standardError)")
                let saved = folder + "/run/checkpoints"
                #expect((try? FileManager.default.contentsOfDirectory(atPath: saved).isEmpty) ?? true)
            }
        }
    }
}
