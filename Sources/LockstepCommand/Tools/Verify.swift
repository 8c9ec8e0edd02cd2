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

    @Argument(help: ArgumentHelp("A run folder, or a checkpoint of one.", valueName: "run"), completion: .directory)
    var path: String

    func run() throws {
        let path: String
        do {
            switch try Checkpoint.locate(self.path) {
            case .checkpoint(let folder): return try verifyOne(folder)
            case .run(let run): path = run
            }
        } catch let error as CheckpointError {
            try Trouble.end("\(self.path) holds no checkpoint: \(SettingWords.flags("\(error)"))")
        }
        let checkpoints = RecordedRun.checkpoints(in: path)
        guard !checkpoints.isEmpty else {
            try Trouble.end("\(path) holds no checkpoint: expected a run's folder with checkpoints/epoch=E-step=S")
        }
        var damaged = 0
        for (folder, result) in checkpoints {
            switch result {
            case .success(let checkpoint): tell(checkpoint)
            case .failure(let error):
                damaged += 1
                print("DAMAGED  \((folder as NSString).lastPathComponent)  \(error)")
            }
        }
        for link in Checkpoint.links(in: path) {
            let target = checkpoints.first { ($0.path as NSString).lastPathComponent == link.target }
            let isWhole = (try? target?.result.get()) != nil
            if target == nil { damaged += 1 }
            print(
                "\(isWhole ? "ok     " : "DAMAGED")  \(link.name) -> \(link.target)"
                    + (target == nil ? "  no such checkpoint" : ""))
        }
        for copy in Checkpoint.copies(in: path) where !checkpoints.contains(where: { $0.path == copy }) {
            let name = (copy as NSString).lastPathComponent
            do { tell(try Checkpoint.openFolder(copy), as: name + ", a copy of ") } catch {
                damaged += 1
                print("DAMAGED  \(name)  \(error)")
            }
        }
        if damaged > 0 { throw ExitCode(1) }
    }

    private func tell(_ checkpoint: Checkpoint, as prefix: String = "") {
        let bytes = checkpoint.state.files.values.reduce(0) { $0 + $1.bytes }
        print(
            "ok       \(prefix)\(checkpoint.state.checkpointName)  \(bytes) bytes, fingerprint \(checkpoint.state.fingerprint)"
        )
    }

    private func verifyOne(_ path: String) throws {
        do { tell(try Checkpoint.open(path)) } catch {
            print("DAMAGED  \(error)")
            throw ExitCode(1)
        }
    }
}
