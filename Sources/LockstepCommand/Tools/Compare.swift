// `lockstep compare`.

import ArgumentParser
import Foundation
import Lockstep

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the first step at which two runs part.",
        discussion: """
            Compares the fingerprints of the weights in metrics.csv and in the checkpoints,
            at the steps that both runs have; where they part, also the parameters in the
            nearest checkpoints. Log settings, ranks and threads may differ.

            Exit status: 0 equal, 1 different, 2 they can't be compared.
            """)

    @Argument(help: ArgumentHelp("A run folder.", valueName: "run-a"), completion: .directory)
    var first: String
    @Argument(help: ArgumentHelp("Another.", valueName: "run-b"), completion: .directory)
    var second: String

    func run() throws {
        let runs: [RecordedRun]
        do { runs = try [first, second].map { try RecordedRun($0) } } catch { try Trouble.end("\(error)") }
        let (a, b) = (runs[0], runs[1])
        let differing = a.settingsThatDiffer(from: b)
        guard differing.isEmpty else {
            try Trouble.end(
                "these runs can't be compared, since they mean different weights:\n"
                    + differing.map { "  \($0.key): \($0.first) and \($0.second)" }.joined(separator: "\n"))
        }
        let common = a.fingerprints.keys.filter { b.fingerprints[$0] != nil }.sorted()
        guard let last = common.last else {
            try Trouble.end(
                "these runs have no step in common: \(a.path) has fingerprints of \(a.stepsText), \(b.path) of "
                    + "\(b.stepsText); --log-every-n-steps writes more of them")
        }
        guard let parted = common.first(where: { a.fingerprints[$0] != b.fingerprints[$0] }) else {
            print("equal at all \(common.count) common steps, up to step \(last): \(a.fingerprints[last]!)")
            if a.lastStep != b.lastStep { print("the one goes to step \(a.lastStep), the other to step \(b.lastStep)") }
            return
        }
        let equal = common.last { $0 < parted }
        print("they part " + (equal.map { "after step \($0), " } ?? "") + "at step \(parted) or before:")
        for run in runs { print("  \(run.fingerprints[parted]!)  \(run.path)") }
        try showParameters(a, b, from: parted)
        throw Trouble.no
    }

    /// The first parameter that differs, in the first checkpoints that both runs have from the step on.
    private func showParameters(_ a: RecordedRun, _ b: RecordedRun, from step: Int) throws {
        let steps = a.checkpoints.keys.filter { $0 >= step && b.checkpoints[$0] != nil }.sorted()
        guard let step = steps.first, let one = a.checkpoints[step], let other = b.checkpoints[step] else {
            print("no checkpoint of the same step from there on: which parameter differs first can't be told")
            return
        }
        do {
            let difference = try one.firstDifference(from: other)
            print("in the checkpoints of step \(step): \(difference ?? "the weights are equal again")")
        } catch {
            try Trouble.end("\(error)")
        }
    }
}
