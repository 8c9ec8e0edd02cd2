// The reduction of gradients alone: every shard's gradient is there already, and the update is empty.

import ArgumentParser
import Lockstep

struct Reduce: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Reduce gradients of a given size over the ranks.")

    @Option(help: "Bytes of gradients on each rank.") var bytes = 1 << 20

    func run() throws {
        withWorld { world in
            let count = bytes / MemoryLayout<Float>.stride
            let parameter = Parameter("parameter", initializer: .zeros)
            try parameter.declare([count])
            let team = WorkerTeam(size: 1)
            defer { team.stop() }
            // One shard a rank, as small as the work can be cut.
            let reducer = try GradientReducer(
                plan: ShardPlan(shards: world.size, ranks: world.size, threads: 1),
                communicator: world.communicator, team: team
            ) { try ParameterBuffer([parameter], seed: 0, allocate: $0) }
            let task = reducer.tasks(ofThread: 0)[0]
            reducer.gradients(ofThread: 0, task)[0..<count].update(repeating: 1)
            func step() throws {
                team.run { thread in
                    reducer.shardIsDone(task, onThread: thread)
                    reducer.reduce(onThread: thread, wantsNorm: false) { _, _, _ in }
                }
                try reducer.check()
            }
            try step()
            if world.rank == 0 { reply([:]) }
            let orders = Orders(world)
            while let steps = try orders.next() {
                let begin = Usage()
                for _ in 0..<steps { try step() }
                if world.rank == 0 { reply(begin.answer(steps: steps)) }
            }
        }
    }
}
