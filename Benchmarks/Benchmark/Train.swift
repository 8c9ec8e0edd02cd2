// Training as a user starts it: `Model.fit` on the ranks and threads there are, paced by a callback.

import ArgumentParser
import Foundation
import Lockstep

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Train a model, step by step.")

    @Option(help: "mnist-mlp or mnist-cnn.") var model: NamedModel
    @Option(help: "A folder with MNIST's files; the built-in digits unless given.") var data: String?
    @Option(help: "Global batch size.") var batchSize = 32
    @Option(help: "Shards of a step; automatic unless given.") var shards: Int?
    @Option(help: "Threads of each rank; automatic unless given.") var threads: Int?

    func run() throws {
        withWorld { world in
            let train = try data.map { try MNIST.load(directory: $0).train } ?? SyntheticDigits.load().train
            var options = FitOptions()
            (options.epochs, options.batchSize) = (1_000_000, .samples(batchSize))
            (options.shards, options.threads, options.verbosity) = (shards, threads, .silent)
            let network = model.makeModel()
            let compiled = network.compile(
                optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
            let facts: [String: Any] = ["data": train.name, "data_bytes": train.samples.count + 4 * train.count]
            try compiled.fit(
                train, callbacks: [TakeTurns(Orders(world), facts)], options: options, on: world)
        }
    }
}

extension NamedModel: ExpressibleByArgument {}

/// Lets the run go on by as many steps as each order says. The first step is free: it shows that all is set up.
final class TakeTurns: Callback {
    private let orders: Orders
    private let facts: [String: Any]
    private let more: (TrainingContext) -> [String: Any]
    private let clock: Usage.Clock
    private var begin: Usage?
    private var steps = 0
    private var stepsLeft: Int

    /// - Parameters:
    ///   - firstTurn: the steps that are free.
    ///   - more: facts that are known behind them.
    init(
        _ orders: Orders, _ facts: [String: Any], clock: Usage.Clock = .wall, firstTurn: Int = 1,
        more: @escaping (TrainingContext) -> [String: Any] = { _ in [:] }
    ) {
        (self.orders, self.facts, self.more, self.clock, stepsLeft) = (orders, facts, more, clock, firstTurn)
    }

    func stepEnd(_ context: TrainingContext) throws {
        stepsLeft -= 1
        guard stepsLeft == 0 else { return }
        if context.isRankZero { reply(begin?.answer(steps: steps) ?? facts.merging(more(context)) { $1 }) }
        guard let next = try orders.next() else {
            context.stopTraining = true
            return
        }
        (steps, stepsLeft, begin) = (next, next, Usage(clock))
    }
}
