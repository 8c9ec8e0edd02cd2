// The reduction of gradients alone: every shard's gradient is there already, and the update hands out the sum.

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
            // Sums take the place of what is summed, so that other numbers would grow.
            reducer.gradients(ofThread: 0, task)[0..<count].update(repeating: 0)
            let values = reducer.parameters.values
            func step() throws {
                // The sum goes where an all-reduce leaves it: to every rank.
                reducer.beginStep(wantsNorm: false) { range, gradients, _, _ in
                    (values.pointer + range.lowerBound).update(
                        from: gradients.pointer + range.lowerBound, count: range.count)
                }
                team.run { thread in
                    reducer.shardIsDone(task, onThread: thread)
                    reducer.reduce(onThread: thread)
                }
                try reducer.endStep()
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
