// The exchange's messages for SimGrid: scripts/simulate plays them at sizes that no machine at hand has.

import DataParallel
import Foundation
import Lockstep

/// A time-independent trace of one step's exchange (SimGrid's SMPI replay): what each rank sends and receives in which
/// order, without times.
struct SimulatorTrace {
    let plan: ExchangePlan
    /// SMPI's number for bytes.
    private static let bytes = 6

    /// Writes `rank-N.txt` for each rank, and `ranks.txt`, which names them in order.
    func write(to folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = URL(filePath: folder).standardizedFileURL.path
            for rank in 0..<plan.plan.ranks {
                try Data(lines(ofRank: rank).joined(separator: "\n").appending("\n").utf8)
                    .write(to: URL(filePath: "\(path)/rank-\(rank).txt"))
            }
            let names = (0..<plan.plan.ranks).map { "\(path)/rank-\($0).txt\n" }.joined()
            try Data(names.utf8).write(to: URL(filePath: "\(path)/ranks.txt"), options: .atomic)
        } catch { throw TrainingError("can't write the trace to \(folder): \(error.localizedDescription)") }
    }

    /// Pieces that are under way together go round by round, since a trace has one thread.
    private func lines(ofRank rank: Int) -> [String] {
        let pieces = plan.pieces(ofRank: rank)
        var lines = ["\(rank) init"]
        for start in stride(from: 0, to: pieces.count, by: HostExchange.piecesUnderWay) {
            let group = pieces[start..<min(start + HostExchange.piecesUnderWay, pieces.count)]
            for round in 0..<(group.map(\.rounds.count).max() ?? 0) {
                for piece in group where round < piece.rounds.count {
                    let messages = piece.rounds[round]
                    lines += messages.receives.map { line(rank, "irecv", $0, messages.tag) }
                    lines += messages.sends.map { line(rank, "isend", $0, messages.tag) }
                }
                lines.append("\(rank) waitall")
            }
        }
        return lines + ["\(rank) finalize"]
    }

    private func line(_ rank: Int, _ verb: String, _ message: ExchangePlan.Message, _ tag: Int) -> String {
        "\(rank) \(verb) \(message.peer) \(tag) \(message.range.count * MemoryLayout<Float>.stride) \(SimulatorTrace.bytes)"
    }
}
