// The hosts that a job may use, read from the hostfile again before each start: `lockstep launch` takes as many ranks
// as there are slots.

import Foundation
import Lockstep
import Streams

/// Hosts with their slots, in the order of the file.
struct Hosts: Equatable {
    private(set) var slots: [(name: String, count: Int)] = []

    var total: Int { slots.reduce(0) { $0 + $1.count } }

    /// What mpirun's `--host` takes: `a:4,b:2`. Given this way and not as the file, which may change while it is read.
    var argument: String { slots.map { "\($0.name):\($0.count)" }.joined(separator: ",") }

    init(file: String) throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw TrainingError("can't read the hostfile \(file): no such file, or not readable")
        }
        try self.init(text: Text.decode(data, file: file), file: file)
    }

    /// What Open MPI takes for the number of slots, and for what has no meaning here.
    private static let slotKeys = ["slots", "slot", "count", "cpu", "cpus"]
    private static let otherKeys = ["max_slots", "max-slots", "slots_max", "slots-max", "port", "user", "username"]

    /// Open MPI's format: a line `NAME [slots=N] [max_slots=N]` for each host; `#` starts a comment. A line without
    /// `slots=` counts as one slot, and a host that is named again adds to its slots.
    ///
    /// - Throws: `TrainingError` naming the line for anything else, such as `NAME:N` of other launchers, which Open MPI takes for
    ///   a name.
    init(text: String, file: String) throws {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.prefix { $0 != "#" }.replacing(/\s*=\s*/, with: "=").split(whereSeparator: \.isWhitespace)
            guard let name = words.first else { continue }
            let problem = "\(file):\(index + 1): expected 'HOST slots=N', got '\(line)'"
            let pieces = name.split(separator: ":", omittingEmptySubsequences: false)
            if pieces.count == 2 || name.contains("=") {
                throw TrainingError(problem + (pieces.count == 2 ? "; write '\(pieces[0]) slots=\(pieces[1])'" : ""))
            }
            var count = 1
            for word in words.dropFirst() {
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                if parts.count == 2, Hosts.otherKeys.contains(parts[0]) { continue }
                guard parts.count == 2, Hosts.slotKeys.contains(parts[0]), let number = Int(parts[1]), number >= 0,
                    number <= 1 << 20
                else { throw TrainingError(problem) }
                count = number
            }
            add(String(name), count)
        }
    }

    func without(_ names: [String]) -> Hosts {
        var rest = self
        rest.slots.removeAll { names.contains($0.name) }
        return rest
    }

    private mutating func add(_ name: String, _ count: Int) {
        if let index = slots.firstIndex(where: { $0.name == name }) {
            slots[index].count += count
        } else if count > 0 {
            slots.append((name, count))
        }
    }

    static func == (left: Hosts, right: Hosts) -> Bool { left.argument == right.argument }
}
