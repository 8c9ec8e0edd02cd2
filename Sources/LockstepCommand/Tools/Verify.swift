// `lockstep verify`.

import ArgumentParser
import Foundation
import Lockstep

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the hashes of all files of all checkpoints of a run.",
        discussion: """
            Prints a line for each checkpoint and for each of the links last and best.

            Exit status: 0 all are whole, 1 one is damaged, 2 there is nothing to check.
            """)

    @Argument(help: ArgumentHelp("A run folder.", valueName: "run"), completion: .directory)
    var path: String

    func run() throws {
        let checkpoints = RecordedRun.checkpoints(in: path)
        guard !checkpoints.isEmpty else {
            try Trouble.end("\(path) holds no checkpoint: expected a run's folder with checkpoints/epoch=E-step=S")
        }
        var damaged = 0
        for (folder, result) in checkpoints {
            switch result {
            case .success(let checkpoint):
                let bytes = checkpoint.state.files.values.reduce(0) { $0 + $1.bytes }
                print("ok       \(checkpoint.name)  \(bytes) bytes, fingerprint \(checkpoint.state.fingerprint)")
            case .failure(let error):
                damaged += 1
                print("DAMAGED  \((folder as NSString).lastPathComponent)  \(error)")
            }
        }
        for link in Checkpoint.links(in: path) {
            let leads = checkpoints.contains { ($0.path as NSString).lastPathComponent == link.target }
            if !leads { damaged += 1 }
            print(
                "\(leads ? "ok     " : "DAMAGED")  \(link.name) -> \(link.target)\(leads ? "" : "  no such checkpoint")"
            )
        }
        if damaged > 0 { throw ExitCode(1) }
    }
}
