// The examples of what a user adds (docs/extending.md), each as a program of its own: what it prints, and that it prints
// the same alone and under mpirun.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct ExampleTests {
    static let examples = [
        ("OwnLayer", "test accuracy 0."), ("OwnDataset", "accuracy 0.9"), ("OwnLoss", "below 0."),
        ("OwnMetric", "within 0.1: 0."), ("OwnSink", "| epoch | step | loss | accuracy | val_loss | val_accuracy | "),
        ("OwnCallback", "no better validation than 0."),
    ]

    @Test(arguments: examples) func itPrintsTheSameOnRanks(_ example: (name: String, words: String)) throws {
        try withFolder { folder in
            func arguments(_ run: String) -> [String] { example.name == "OwnCallback" ? [folder + "/" + run] : [] }
            let alone = try runProcess(try builtProduct(example.name), arguments("alone"), timeoutSeconds: 120)
            #expect(alone.status == 0, "\(alone.standardError)")
            #expect(alone.standardOutput.contains(example.words), "\(alone.standardOutput)")
            #expect(alone.standardOutput.split(separator: "\n").last?.hasPrefix("fingerprint ") == true)
            let ranks = try runUnderMPI(ranks: 2, example.name, arguments("ranks"), timeoutSeconds: 120)
            #expect(ranks.status == 0, "\(ranks.standardError)")
            #expect(ranks.standardOutput == alone.standardOutput)
        }
    }
}
