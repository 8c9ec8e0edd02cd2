// Fits one model several times, each time where an argument says, and prints what it became and what is still mapped.
// Run by Tests/TrainingTests/RankFitTests.swift, alone and under mpirun.
//
//     FitProbe UNITS WHERE...
//
// WHERE is `world`, `alone` (every rank by itself), `zero` (rank 0 by itself), `group` (the last rank by itself, the
// others together) or `throw` (on the world, with a callback that throws).

import Foundation
import Lockstep

final class Thrower: Callback {
    func stepEnd(_ context: TrainingContext) throws {
        if context.step % 3 == 2 { throw TrainingError("thrown at step \(context.step)") }
    }
}

/// Shared windows that this process has mapped.
func mappedWindows() throws -> Int {
    try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n")
        .count { $0.contains("/osc_sm.") }
}

withWorld { world in
    let words = Array(CommandLine.arguments.dropFirst())
    guard let units = words.first.flatMap({ Int($0) }), words.count > 1 else {
        throw TrainingError("usage: FitProbe UNITS WHERE...")
    }
    let model = Sequential([Flatten(), Dense(units, activation: .relu), Dense(10, activation: .softmax)])
        .compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    let data = try SyntheticDigits.load().train.prefix(150)
    func fit(_ world: World, _ callbacks: [any Callback] = []) throws {
        try model.fit(data, batchSize: 32, callbacks: callbacks, shards: 4, threads: 1, verbose: .silent, on: world)
    }
    for word in words.dropFirst() {
        switch word {
        case "world": try fit(world)
        case "alone": try fit(.alone)
        case "zero": if world.rank == 0 { try fit(.alone) }
        case "group":
            let color = world.rank == world.size - 1 ? 1 : 0
            let group = try world.communicator.split(color: color, key: world.rank)
            try fit(World(group))
            try group.close()
        case "throw": do { try fit(world, [Thrower()]) } catch is TrainingError {}
        default: throw TrainingError("unknown: \(word)")
        }
        let line = "\(world.rank) \(word) \(model.fingerprint.map { "\($0)" } ?? "none") \(try mappedWindows())\n"
        try world.communicator.barrier()
        writeToStandardOutput(line)
    }
}
